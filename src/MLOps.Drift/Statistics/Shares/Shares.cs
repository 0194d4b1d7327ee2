namespace MLOps.Drift.Statistics;

/// <summary>The shares of both sides in each cell, after a rule for empty cells, and their differences with all the digits that the counts have.</summary>
internal sealed class Shares
{
    private Shares(double[] reference, double[] current, double[] difference) => (Reference, Current, Difference) = (reference, current, difference);

    /// <summary>P of each cell.</summary>
    public double[] Reference { get; }

    /// <summary>Q of each cell.</summary>
    public double[] Current { get; }

    /// <summary>Q − P of each cell.</summary>
    public double[] Difference { get; }

    /// <summary>The shares of counts of which each side has some.</summary>
    public static Shares Of(CellCounts cells, ZeroRule rule, bool renormalised = false)
    {
        long n = cells.ReferenceTotal!.Value, m = cells.CurrentTotal!.Value;
        double[] p = new double[cells.Names.Count], q = new double[p.Length], difference = new double[p.Length];
        bool plain = Make(Weights(cells.Reference), n, rule, renormalised, p) & Make(Weights(cells.Current), m, rule, renormalised, q);
        for (int cell = 0; cell < p.Length; cell++)
        {
            long a = cells.Reference[cell], b = cells.Current[cell];

            // Two shares of large samples differ in their last digits alone: the counts still have the difference.
            difference[cell] = plain && (a > 0 || p[cell] == 0) && (b > 0 || q[cell] == 0)
                ? (double)(((Int128)b * n) - ((Int128)a * m)) / ((double)n * m)
                : q[cell] - p[cell];
        }

        return new Shares(p, q, difference);
    }

    /// <summary>The shares of weights; null when there are none that sum to a finite number above 0, or one is negative or NaN.</summary>
    public static Shares? OfWeights(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, ZeroRule rule, bool renormalised = false)
    {
        if (reference.Length != current.Length)
            throw new ArgumentException($"{reference.Length} shares of the reference and {current.Length} of the current sample: they are shares of the same cells.", nameof(current));
        if (Total(reference) is not { } n || Total(current) is not { } m)
            return null;
        double[] p = new double[reference.Length], q = new double[p.Length], difference = new double[p.Length];
        Make(reference, n, rule, renormalised, p);
        Make(current, m, rule, renormalised, q);
        for (int cell = 0; cell < p.Length; cell++)
            difference[cell] = q[cell] - p[cell];
        return new Shares(p, q, difference);
    }

    /// <summary>Divides shares by their sum.</summary>
    public static void Normalise(Span<double> shares)
    {
        double sum = 0;
        foreach (double share in shares)
            sum += share;
        foreach (ref double share in shares)
            share /= sum;
    }

    /// <summary>ln(q / p), with all digits also where p and q are nearly the same; ±∞ where one of them is 0.</summary>
    public static double LogRatio(double p, double q, double difference)
    {
        double t = difference / (p + q);
        if (Math.Abs(t) < 0.5)
            return 2 * Math.Atanh(t);
        double ratio = q / p;
        return ratio is > 1e-300 and < 1e300 ? Math.Log(ratio) : Math.Log(q) - Math.Log(p);
    }

    /// <returns>Whether the shares of cells that are not empty are still those of the weights.</returns>
    private static bool Make(ReadOnlySpan<double> weights, double total, ZeroRule rule, bool renormalised, Span<double> shares)
    {
        rule.Apply(weights, total, shares);
        bool changed = false, plain = true;
        for (int cell = 0; cell < shares.Length; cell++)
        {
            bool same = shares[cell] == weights[cell] / total;
            changed |= !same;
            plain &= same || weights[cell] == 0;
        }

        if (!renormalised || !changed)
            return plain;
        Normalise(shares);
        return false;
    }

    private static double[] Weights(ReadOnlySpan<long> counts)
    {
        double[] weights = new double[counts.Length];
        for (int cell = 0; cell < weights.Length; cell++)
            weights[cell] = counts[cell];
        return weights;
    }

    private static double? Total(ReadOnlySpan<double> weights)
    {
        double total = 0;
        foreach (double weight in weights)
        {
            if (!(weight >= 0))
                return null;
            total += weight;
        }

        return total > 0 && double.IsFinite(total) ? total : null;
    }
}
