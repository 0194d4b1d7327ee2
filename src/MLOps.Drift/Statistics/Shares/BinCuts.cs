namespace MLOps.Drift.Statistics;

/// <summary>The rules by which cuts are chosen from a sorted sample. All are total: infinities lie beyond the cuts, ranges may overflow, a constant has cuts around it.</summary>
internal static class BinCuts
{
    /// <summary>More cells than this no rule makes: a single outlier can ask for billions.</summary>
    public const int MostCells = 10_000;

    /// <summary>The inner ones of the quantiles at i / cells, each once; and around a value that two or more of them fall on a cell of its own, where that is asked for.</summary>
    public static double[] Quantiles(ReadOnlySpan<double> sorted, int cells, bool massPoints, out int points)
    {
        points = 0;
        if (sorted.IsEmpty)
            return [];
        double[] edges = new double[cells + 1];

        // i times the rounded step, as numpy's linspace: where an edge falls on a value, the last bit decides the cell of that value.
        double step = 1.0 / cells;
        for (int i = 0; i < cells; i++)
            edges[i] = Quantile(sorted, Math.Min(i * step, 1));
        edges[cells] = sorted[^1];

        // Between two neighbours, interpolation is monotonic up to its last bit alone. NaN, half way from −∞ to ∞, comes first.
        Array.Sort(edges);
        ReadOnlySpan<double> rest = edges.AsSpan(edges.Count(double.IsNaN));
        List<double> cuts = [];
        bool afterPoint = false;
        for (int start = 0, end = 0; start < rest.Length; start = end)
        {
            double edge = rest[start];
            while (end < rest.Length && rest[end] == edge)
                end++;
            if (massPoints && end - start > 1)
            {
                // An edge between a point and the value next to it would part nothing from nothing.
                if (!afterPoint && cuts.Count > 0 && !HasBetween(sorted, cuts[^1], edge))
                    cuts.RemoveAt(cuts.Count - 1);
                points++;
                AddPoint(cuts, edge);
                afterPoint = true;
            }
            else if (start > 0 && end < rest.Length && !(afterPoint && !HasBetween(sorted, cuts[^1], edge)))
            {
                AddCut(cuts, edge);
                afterPoint = false;
            }
        }

        return [.. cuts];
    }

    /// <summary>The inner ones of cells + 1 points in equal steps from the smallest to the largest finite value.</summary>
    /// <param name="sorted">The sample.</param>
    /// <param name="cells">How many cells.</param>
    /// <param name="origin">Where the first cell begins.</param>
    /// <param name="cellsPerUnit">The reciprocal of a cell's width; 0 when no arithmetic finds a value's cell.</param>
    public static double[] EqualWidth(ReadOnlySpan<double> sorted, int cells, out double origin, out double cellsPerUnit)
    {
        (origin, cellsPerUnit) = (0, 0);
        ReadOnlySpan<double> finite = Finite(sorted);
        if (finite.IsEmpty)
            return [];
        List<double> cuts = new(cells);
        double low = finite[0], high = finite[^1], range = high - low, step = range / cells;
        if (range == 0)
        {
            AddPoint(cuts, low);
            return [.. cuts];
        }

        for (int i = 1; i < cells; i++)
        {
            // numpy's linspace to the last bit: a step that underflows is not rounded before it is multiplied.
            double cut = double.IsInfinity(range) ? (low * ((double)(cells - i) / cells)) + (high * ((double)i / cells))
                : step == 0 ? ((double)i / cells * range) + low
                : (i * step) + low;
            if (cut > low)
                AddCut(cuts, cut);
        }

        double reciprocal = 1 / step;
        if (cuts.Count == cells - 1 && double.IsFinite(reciprocal) && reciprocal > 0)
            (origin, cellsPerUnit) = (low, reciprocal);
        return [.. cuts];
    }

    /// <summary>How many cells of equal width a width rule asks for, computed as numpy does: the range divided by the rule's width, rounded up. 1 where the rule has no width.</summary>
    public static double Cells(ReadOnlySpan<double> sorted, Func<double[], double, double> width)
    {
        ReadOnlySpan<double> finite = Finite(sorted);
        if (finite.IsEmpty || finite[0] == finite[^1])
            return 1;

        // By a power of two, so that no digit changes, and neither squares nor cubes overflow.
        double largest = Math.Max(Math.Abs(finite[0]), Math.Abs(finite[^1]));
        int exponent = -Math.ILogB(largest);
        double[] scaled = new double[finite.Length];
        for (int i = 0; i < scaled.Length; i++)
            scaled[i] = Math.ScaleB(finite[i], exponent);
        double range = scaled[^1] - scaled[0];
        double cells = Math.Ceiling(range / width(scaled, range));
        return cells is >= 1 and < double.PositiveInfinity ? cells : 1;
    }

    public static double SturgesWidth(double[] sorted, double range) => range / (Math.Log2(sorted.Length) + 1);

    /// <summary>Sturges' width, narrower the more skewed the sample is; 0 for two values or fewer.</summary>
    public static double DoaneWidth(double[] sorted, double range)
    {
        double n = sorted.Length;
        double deviation = Math.Sqrt(Descriptive.Variance(sorted, ddof: 0));
        if (n <= 2 || !(deviation > 0))
            return 0;
        double mean = Descriptive.Mean(sorted), skewness = 0;
        foreach (double value in sorted)
        {
            double standardised = (value - mean) / deviation;
            skewness += standardised * standardised * standardised;
        }

        skewness /= n;
        double spread = Math.Sqrt(6 * (n - 2) / ((n + 1) * (n + 3)));
        return range / (1 + Math.Log2(n) + Math.Log2(1 + (Math.Abs(skewness) / spread)));
    }

    /// <summary>Twice the interquartile range divided by the cube root of n.</summary>
    public static double FreedmanDiaconisWidth(double[] sorted, double range) =>
        2 * (Descriptive.Quantile(sorted, 0.75) - Descriptive.Quantile(sorted, 0.25)) * Math.Pow(sorted.Length, -1.0 / 3);

    private static ReadOnlySpan<double> Finite(ReadOnlySpan<double> sorted)
    {
        int low = 0, high = sorted.Length;
        while (low < high && double.IsNegativeInfinity(sorted[low]))
            low++;
        while (high > low && double.IsPositiveInfinity(sorted[high - 1]))
            high--;
        return sorted[low..high];
    }

    /// <summary>The quantile, also between neighbours whose difference overflows; NaN between −∞ and ∞ alone.</summary>
    private static double Quantile(ReadOnlySpan<double> sorted, double probability)
    {
        double quantile = Descriptive.Quantile(sorted, probability);
        if (double.IsFinite(quantile))
            return quantile;
        double at = probability * (sorted.Length - 1), fraction = at - Math.Floor(at);
        double low = sorted[(int)at], high = sorted[(int)Math.Ceiling(at)];
        return low == high ? low : (low * (1 - fraction)) + (high * fraction);
    }

    private static bool HasBetween(ReadOnlySpan<double> sorted, double from, double to) => BinCounter.CountBelow(sorted, from) < BinCounter.CountBelow(sorted, to);

    private static void AddCut(List<double> cuts, double cut)
    {
        // No value lies below −∞, so that a cut there would make a cell for nothing.
        if (cut > (cuts.Count == 0 ? double.NegativeInfinity : cuts[^1]))
            cuts.Add(cut + 0.0);
    }

    /// <summary>Cuts on both sides of a value: [v, the next double) holds v alone.</summary>
    private static void AddPoint(List<double> cuts, double value)
    {
        AddCut(cuts, value);
        AddCut(cuts, double.BitIncrement(value));
    }
}
