namespace MLOps.Drift.Statistics;

/// <summary>The p-value of statistics that are made of <see cref="PairSums"/>, by random splits of the pooled rows.</summary>
internal static class RowPermutations
{
    private const int MostPermutations = 10_000;
    private const int MostRows = 50_000;

    /// <summary>What rounding may take from the statistic of a split that is the true one again, or its mirror image.</summary>
    private const double Slack = 1e-12;

    public static void Check(int permutations, int mostRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(permutations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permutations, MostPermutations);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostRows, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mostRows, MostRows);
    }

    public static TestResult Result(TestResult about, PairSums.Split[] splits, Func<PairSums.Split, double> statistic)
    {
        double observed = statistic(splits[0]);
        if (!double.IsFinite(observed))
            return about with { NotComputable = new NotComputable.Overflow("A sum over pairs of rows") };
        if (splits.Length == 1)
            return about with { Statistic = observed, Notes = [.. about.Notes, "No permutations were asked for, so there is no p-value."] };
        int permutations = splits.Length - 1, asExtreme = 0;
        double least = observed - (Slack * Math.Max(1, Math.Abs(observed)));
        foreach (PairSums.Split split in splits.AsSpan(1))
        {
            if (statistic(split) >= least)
                asExtreme++;
        }

        var p = Probability.Of((1.0 + asExtreme) / (1 + permutations));
        return about with { Rule = $"{about.Rule}, {permutations} permutations", Statistic = observed, PValue = p.Value, LogPValue = p.Log };
    }
}
