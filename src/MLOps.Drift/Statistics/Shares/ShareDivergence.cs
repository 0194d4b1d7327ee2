using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>
/// A divergence that sums a term of each cell's two shares and is smooth where they are equal. All of these have one null law: c times the divergence is (1/n + 1/m) χ² with one degree of freedom
/// fewer than cells, since near equality each is Σ(Q − P)² / (c P).
/// </summary>
/// <param name="Method">The method's name.</param>
/// <param name="EffectSizeName">What its statistic is called.</param>
/// <param name="Scale">c.</param>
/// <param name="Term">What a cell adds, by P, Q and Q − P.</param>
/// <param name="Renormalised">Whether the divergence is defined for shares alone that are 1 together.</param>
internal sealed record ShareDivergence(string Method, string EffectSizeName, double Scale, Func<double, double, double, double> Term, bool Renormalised = false)
{
    /// <summary>Compares counts. <paramref name="zeroRule"/> is null where the term is finite for empty cells; <paramref name="perNat"/> is the unit; the statistic is the sum or its root.</summary>
    public TestResult Test(CellCounts cells, ZeroRule? zeroRule, double perNat = 1, bool root = false)
    {
        ArgumentNullException.ThrowIfNull(cells);
        TestResult result = CellResult.Begin(Method, cells, zeroRule);
        if (!result.IsComputed)
            return result;
        (double divergence, double[] contributions) = Of(Shares.Of(cells, zeroRule ?? new ZeroRule.Keep(), Renormalised));
        foreach (ref double contribution in contributions.AsSpan())
            contribution *= perNat;
        double statistic = root ? Math.Sqrt(divergence * perNat) : divergence * perNat;
        return WithP(result, cells, divergence, zeroRule).With(cells, statistic, contributions, EffectSizeName);
    }

    /// <summary>The divergence in nats of two rows of weights; NaN where they are no shares.</summary>
    public double OfShares(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null) =>
        Shares.OfWeights(reference, current, zeroRule ?? new ZeroRule.Keep(), Renormalised) is { } shares ? Of(shares).Divergence : double.NaN;

    private (double Divergence, double[] Contributions) Of(Shares shares)
    {
        double[] contributions = new double[shares.Reference.Length];
        for (int cell = 0; cell < contributions.Length; cell++)
        {
            double p = shares.Reference[cell], q = shares.Current[cell];
            contributions[cell] = p == 0 && q == 0 ? 0 : Term(p, q, shares.Difference[cell]);
        }

        // Terms of both signs may leave −1e-18 of what is 0.
        return (Math.Max(0, CellResult.Sum(contributions)), contributions);
    }

    private TestResult WithP(TestResult result, CellCounts cells, double divergence, ZeroRule? zeroRule)
    {
        double n = cells.ReferenceTotal!.Value, m = cells.CurrentTotal!.Value, smaller = Math.Min(n, m);
        int filled = 0, oneSided = 0, few = 0;
        for (int cell = 0; cell < cells.Names.Count; cell++)
        {
            double a = cells.Reference[cell], b = cells.Current[cell];
            filled += a + b > 0 ? 1 : 0;
            oneSided += a + b > 0 && (a == 0 || b == 0) ? 1 : 0;
            few += a + b > 0 && (a + b) / (n + m) * smaller < 5 ? 1 : 0;
        }

        List<string> notes = [];
        if (zeroRule is not (null or ZeroRule.Keep) && oneSided > 0)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{oneSided} of {filled} cells are empty on one side: what they add follows from the rule for empty cells."));
        if (double.IsInfinity(divergence))
            return result with { Notes = [.. notes, "An empty cell makes the statistic infinite, and the χ² law gives no p-value for that. Choose another rule for empty cells."] };
        if (few * 5 > filled)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{few} of {filled} cells expect fewer than 5 values on the smaller side: the χ² law of the p-value is rough."));
        Probability p = filled == 1 ? Probability.One : Tails.ChiSquaredUpper(Scale * divergence / ((1 / n) + (1 / m)), filled - 1);
        string law = filled == 1 ? "one cell alone" : string.Create(CultureInfo.InvariantCulture, $"p by χ² with {filled - 1} degree{(filled == 2 ? "" : "s")} of freedom");
        return result with { Notes = notes, PValue = p.Value, LogPValue = p.Log, Rule = $"{result.Rule}; {law}" };
    }
}
