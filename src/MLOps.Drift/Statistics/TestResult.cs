namespace MLOps.Drift.Statistics;

/// <summary>What a method found: its statistic, p-value and effect size, what they were computed from and by which rule; or why there is no number.</summary>
/// <remarks>Immutable. All methods of this namespace return this type, so that reports and verdicts need to know one.</remarks>
public sealed record TestResult
{
    /// <summary>The method's name, for example <c>Kolmogorov–Smirnov</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Which of the method's rules gave the numbers: the null law, the binning, the treatment of empty cells. For example <c>exact</c> or <c>10 quantile bins, empty cells 0.0001</c>.</summary>
    public required string Rule { get; init; }

    /// <summary>The method's statistic, in the unit that the method documents; NaN when <see cref="NotComputable"/> says why.</summary>
    public double Statistic { get; init; } = double.NaN;

    /// <summary>
    /// The probability, 0 to 1, of a statistic at least as extreme when both samples come from one distribution; NaN when the method has none, or none for this input.
    /// 0 when it is below the range of a double: <see cref="LogPValue"/> still has it.
    /// </summary>
    public double PValue { get; init; } = double.NaN;

    /// <summary>The natural logarithm of <see cref="PValue"/>, 0 or negative, finite also where the p-value underflows; −∞ only where it is really 0; NaN when there is none.</summary>
    public double LogPValue { get; init; } = double.NaN;

    /// <summary>How large the difference is, apart from how many values showed it; the method documents unit and range. NaN when there is none.</summary>
    public double EffectSize { get; init; } = double.NaN;

    /// <summary>The name of the effect size, for example <c>Cohen's d</c>; empty when there is none.</summary>
    public string EffectSizeName { get; init; } = "";

    /// <summary>How many values of the reference were compared; missing ones are not counted.</summary>
    public long ReferenceCount { get; init; }

    /// <summary>How many values of the current sample were compared; missing ones are not counted.</summary>
    public long CurrentCount { get; init; }

    /// <summary>How many values of the reference were missing (NaN, null): left out, or in a cell of their own, as <see cref="Rule"/> says.</summary>
    public long ReferenceMissing { get; init; }

    /// <summary>How many values of the current sample were missing (NaN, null): left out, or in a cell of their own, as <see cref="Rule"/> says.</summary>
    public long CurrentMissing { get; init; }

    /// <summary>Why there is no statistic; null when there is one.</summary>
    public NotComputable? NotComputable { get; init; }

    /// <summary>What a reader should know before trusting the numbers, a sentence each: small expected counts, a clipped p-value. Usually empty.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>For methods of cells (bins, categories): each cell with its counts and what it contributes. Otherwise empty.</summary>
    public IReadOnlyList<Cell> Cells { get; init; } = [];

    /// <summary>Whether there is a statistic.</summary>
    public bool IsComputed => NotComputable is null;
}
