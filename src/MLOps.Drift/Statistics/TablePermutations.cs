namespace MLOps.Drift.Statistics;

/// <summary>Random tables of two rows with the margins of a given one, as shuffling the values over the samples makes them.</summary>
internal sealed class TablePermutations
{
    /// <summary>Up to so many, values are drawn one by one from the urn; above, the whole count at once.</summary>
    private const long MostByOne = 128;

    private readonly long[] _sizes;
    private readonly long _reference;
    private readonly long _total;
    private readonly Random _random;

    public TablePermutations(CellCounts cells, Random random)
    {
        _random = random;
        _sizes = new long[cells.Names.Count];
        for (int cell = 0; cell < _sizes.Length; cell++)
            _sizes[cell] = cells.Reference[cell] + cells.Current[cell];

        // The largest first: what is left to share out then shrinks fastest, and small counts are cheap to draw.
        Array.Sort(_sizes);
        Array.Reverse(_sizes);
        _reference = cells.ReferenceTotal!.Value;
        _total = _reference + cells.CurrentTotal!.Value;
    }

    /// <summary>How many of so many random tables have a χ² of at least the given one, up to rounding.</summary>
    public long CountAtLeast(double statistic, int rounds, CancellationToken cancellationToken)
    {
        double limit = statistic * (1 - 1e-9);
        long extreme = 0;
        for (int round = 0; round < rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            extreme += ChiSquared() >= limit ? 1 : 0;
        }

        return extreme;
    }

    /// <summary>How many of <paramref name="draws"/> values drawn without replacement are among the <paramref name="marked"/> ones of <paramref name="total"/>.</summary>
    internal static long Draw(Random random, long marked, long total, long draws)
    {
        if (marked == 0 || draws == 0)
            return 0;

        // Marking and drawing are the same choice, and so is leaving out: the smallest of the four margins is the number of steps.
        if (draws > total - draws)
            return marked - Draw(random, marked, total, total - draws);
        if (marked > total - marked)
            return draws - Draw(random, total - marked, total, draws);
        return Math.Min(marked, draws) <= MostByOne ? OneByOne(random, Math.Min(marked, draws), total, Math.Max(marked, draws)) : AtOnce(random, marked, total, draws);
    }

    private static long OneByOne(Random random, long few, long total, long many)
    {
        long hits = 0;
        for (long step = 0; step < few; step++)
            hits += random.NextDouble() * (total - step) < many - hits ? 1 : 0;
        return hits;
    }

    /// <summary>Ratio of uniforms under a table mountain hat: Stadlober (1990), Journal of Computational and Applied Mathematics 31, 181–189.</summary>
    private static long AtOnce(Random random, long marked, long total, long draws)
    {
        double mean = draws * ((double)marked / total);
        long near = (long)mean;
        Hypergeometric law = new(near, marked - near, draws - near, total - marked - draws + near);
        double peak = law.Log(law.Mode), width = (1.7155277699214135 * Math.Sqrt((law.StandardDeviation * law.StandardDeviation) + 0.5)) + 0.8989161620588988;
        while (true)
        {
            double height = 1 - random.NextDouble();
            double at = Math.Floor(mean + 0.5 + (width * (random.NextDouble() - 0.5) / height));
            if (at < near + law.Lowest || at > near + law.Highest)
                continue;
            if (2 * Math.Log(height) <= law.Log((long)at - near) - peak)
                return (long)at;
        }
    }

    private double ChiSquared()
    {
        double n = _reference, m = _total - _reference, sum = 0;
        long left = _total, draws = _reference;
        foreach (long size in _sizes)
        {
            if (size == 0)
                break;
            long drawn = Draw(_random, size, left, draws);
            (left, draws) = (left - size, draws - drawn);
            double deviation = drawn - (n * (size / (double)_total));
            sum += deviation * deviation / size;
        }

        return sum * _total / n * (_total / m);
    }
}
