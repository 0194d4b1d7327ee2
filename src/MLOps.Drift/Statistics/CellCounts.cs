namespace MLOps.Drift.Statistics;

/// <summary>How many values of each sample lie in each cell, a bin or a category: what all methods of shares and of contingency tables start from.</summary>
/// <remarks>Immutable and safe for any number of threads.</remarks>
public sealed class CellCounts
{
    private readonly long[] _reference;
    private readonly long[] _current;

    /// <summary>Puts counts side by side.</summary>
    /// <param name="names">The name of each cell.</param>
    /// <param name="reference">The reference's count in each cell, 0 or more.</param>
    /// <param name="current">The current sample's count in each cell, 0 or more.</param>
    /// <param name="rule">How the cells were made, for example <c>10 quantile bins of the reference</c>.</param>
    /// <param name="referenceMissing">Missing values of the reference that lie in no cell.</param>
    /// <param name="currentMissing">Missing values of the current sample that lie in no cell.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public CellCounts(IReadOnlyList<string> names, ReadOnlySpan<long> reference, ReadOnlySpan<long> current, string rule = "", long referenceMissing = 0, long currentMissing = 0)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(rule);
        if (reference.Length != names.Count || current.Length != names.Count)
            throw new ArgumentException($"{names.Count} names, {reference.Length} counts of the reference and {current.Length} of the current sample: the three must be as many.", nameof(names));
        foreach (long count in reference)
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(reference));
        foreach (long count in current)
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(current));
        ArgumentOutOfRangeException.ThrowIfNegative(referenceMissing);
        ArgumentOutOfRangeException.ThrowIfNegative(currentMissing);
        (Names, Rule, ReferenceMissing, CurrentMissing) = ([.. names], rule, referenceMissing, currentMissing);
        (_reference, _current) = (reference.ToArray(), current.ToArray());
        (ReferenceTotal, CurrentTotal) = (Total(_reference), Total(_current));
    }

    /// <summary>The name of each cell.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How the cells were made.</summary>
    public string Rule { get; }

    /// <summary>The reference's count in each cell.</summary>
    public ReadOnlySpan<long> Reference => _reference;

    /// <summary>The current sample's count in each cell.</summary>
    public ReadOnlySpan<long> Current => _current;

    /// <summary>The sum of the reference's counts; null when it is beyond a long.</summary>
    public long? ReferenceTotal { get; }

    /// <summary>The sum of the current sample's counts; null when it is beyond a long.</summary>
    public long? CurrentTotal { get; }

    /// <summary>Missing values of the reference that lie in no cell.</summary>
    public long ReferenceMissing { get; }

    /// <summary>Missing values of the current sample that lie in no cell.</summary>
    public long CurrentMissing { get; }

    /// <summary>Which of the cells holds the missing values; −1 for none.</summary>
    internal int MissingCell { get; private init; } = -1;

    /// <summary>The same counts with one more cell, <c>(missing)</c>, for the missing values that lay in none; the same object where there are none on either side.</summary>
    /// <returns>The counts. Results made of them still tell missing values from others: in ReferenceMissing and CurrentMissing, and not in ReferenceCount and CurrentCount.</returns>
    public CellCounts WithMissingCell()
    {
        if (MissingCell >= 0 || (ReferenceMissing == 0 && CurrentMissing == 0))
            return this;
        string rule = Rule.Length == 0 ? "missing values a cell" : $"{Rule}, missing values a cell";
        return new CellCounts([.. Names, "(missing)"], [.. _reference, ReferenceMissing], [.. _current, CurrentMissing], rule) { MissingCell = Names.Count };
    }

    private static long? Total(long[] counts)
    {
        Int128 total = 0;
        foreach (long count in counts)
            total += count;
        return total <= long.MaxValue ? (long)total : null;
    }
}
