namespace MLOps.Drift.Statistics;

/// <summary>What the results of all methods of shares have in common.</summary>
internal static class CellResult
{
    /// <summary>The result before there is a statistic: counts, rule, and why there can be none.</summary>
    public static TestResult Begin(string method, CellCounts cells, ZeroRule? zeroRule = null)
    {
        int missing = cells.MissingCell;
        long referenceMissing = missing < 0 ? 0 : cells.Reference[missing], currentMissing = missing < 0 ? 0 : cells.Current[missing];
        string made = cells.Rule.Length == 0 ? $"{cells.Names.Count} cells" : cells.Rule;
        return new TestResult
        {
            Method = method,
            Rule = zeroRule is null ? made : $"{made}; {zeroRule.Description}",
            ReferenceCount = (cells.ReferenceTotal ?? long.MaxValue) - referenceMissing,
            CurrentCount = (cells.CurrentTotal ?? long.MaxValue) - currentMissing,
            ReferenceMissing = cells.ReferenceMissing + referenceMissing,
            CurrentMissing = cells.CurrentMissing + currentMissing,
            NotComputable = (cells.ReferenceTotal, cells.CurrentTotal) switch
            {
                (null, _) => new NotComputable.Overflow("The number of the reference's values"),
                (_, null) => new NotComputable.Overflow("The number of the current sample's values"),
                (0, _) or (_, 0) => new NotComputable.TooFewValues(cells.ReferenceTotal.Value, cells.CurrentTotal.Value, 1),
                _ => null,
            },
        };
    }

    /// <summary>The result with its statistic, which is its effect size as well.</summary>
    public static TestResult With(this TestResult begun, CellCounts cells, double statistic, double[] contributions, string effectSizeName)
    {
        Cell[] found = new Cell[contributions.Length];
        for (int cell = 0; cell < found.Length; cell++)
            found[cell] = new Cell(cells.Names[cell], cells.Reference[cell], cells.Current[cell], contributions[cell]);
        return begun with { Statistic = statistic, EffectSize = statistic, EffectSizeName = effectSizeName, Cells = found };
    }

    /// <summary>The sum of contributions whose rounding error does not grow with their number (Neumaier 1974).</summary>
    public static double Sum(ReadOnlySpan<double> terms)
    {
        double sum = 0, lost = 0;
        foreach (double term in terms)
        {
            double next = sum + term;
            lost += Math.Abs(sum) >= Math.Abs(term) ? sum - next + term : term - next + sum;
            sum = next;
        }

        return double.IsFinite(sum) ? sum + lost : sum;
    }
}
