namespace MLOps.Drift.Statistics;

/// <summary>Random tables of two rows with the margins of a given one, as shuffling the values over the samples makes them: the counts of the first row are a multivariate hypergeometric draw.</summary>
internal sealed class TablePermutations
{
    private const int MostPermutations = 10_000_000;

    /// <summary>How much is drawn between two looks at the cancellation token.</summary>
    private const int CellsPerLook = 10_000;

    /// <summary>Up to so many, values are drawn one by one from the urn; above, the whole count at once.</summary>
    private const long MostByOne = 128;

    private readonly long[] _sizes;
    private readonly long[] _drawn;
    private readonly Random _random;

    public TablePermutations(CellCounts cells, Random? random)
    {
        _random = random ?? new Random(Seed.Default);
        _sizes = new long[cells.Names.Count];
        for (int cell = 0; cell < _sizes.Length; cell++)
            _sizes[cell] = cells.Reference[cell] + cells.Current[cell];

        // The largest first: what is left to share out then shrinks fastest, and small counts are cheap to draw. Empty cells have nothing to share.
        Array.Sort(_sizes);
        Array.Reverse(_sizes);
        Array.Resize(ref _sizes, Array.FindLastIndex(_sizes, size => size > 0) + 1);
        _drawn = new long[_sizes.Length];
        Reference = cells.ReferenceTotal!.Value;
        Total = Reference + cells.CurrentTotal!.Value;
    }

    /// <summary>What is extreme among the counts of a first row, given with the sums of the columns.</summary>
    public delegate bool Extreme(ReadOnlySpan<long> drawn, ReadOnlySpan<long> sizes);

    /// <summary>The sum of the first row.</summary>
    public long Reference { get; }

    /// <summary>The sum of both rows; at most a long.</summary>
    public long Total { get; }

    public static void Check(int permutations)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(permutations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permutations, MostPermutations);
    }

    /// <summary>The p-value (1 + extreme tables) / (1 + tables), and how many were extreme.</summary>
    /// <remarks>Source: Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.</remarks>
    public (Probability P, long Extreme) Count(Extreme isExtreme, int permutations, CancellationToken cancellationToken)
    {
        long extreme = 0;
        for (int permutation = 0, cells = CellsPerLook; permutation < permutations; permutation++)
        {
            if ((cells += _sizes.Length) >= CellsPerLook)
            {
                cancellationToken.ThrowIfCancellationRequested();
                cells = 0;
            }

            Next();
            extreme += isExtreme(_drawn, _sizes) ? 1 : 0;
        }

        return (Probability.Of((1.0 + extreme) / (1.0 + permutations)), extreme);
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

    private void Next()
    {
        long left = Total, draws = Reference;
        for (int cell = 0; cell < _sizes.Length; cell++)
        {
            _drawn[cell] = Draw(_random, _sizes[cell], left, draws);
            (left, draws) = (left - _sizes[cell], draws - _drawn[cell]);
        }
    }
}
