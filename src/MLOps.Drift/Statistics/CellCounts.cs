using System.Collections.ObjectModel;

namespace MLOps.Drift.Statistics;

/// <summary>How many values of each sample lie in each cell, a bin or a category: what all methods of shares and of contingency tables start from.</summary>
/// <remarks>Immutable and safe for any number of threads.</remarks>
public sealed class CellCounts
{
    /// <summary>The name of the cell into which <see cref="Of"/> puts rare levels.</summary>
    public const string Other = "(other)";

    private readonly long[] _reference;
    private readonly long[] _current;
    private IReadOnlyList<string>? _newLevels;
    private IReadOnlyList<string>? _vanishedLevels;

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
        (ReferenceTotal, CurrentTotal) = (TotalOf(_reference), TotalOf(_current));
    }

    /// <summary>Puts two columns of categories side by side: a cell for each level that either of them has, in ordinal order, and last <see cref="Other"/>, if rare levels are to be merged.</summary>
    /// <param name="reference">The reference's levels.</param>
    /// <param name="current">The current sample's levels.</param>
    /// <param name="leastShare">Levels with a smaller share of all values of both samples together are merged, 0 to 1. Default 0: none.</param>
    /// <param name="mostLevels">How many levels keep a cell of their own, at least 1: those with the most values of both samples together, and of equal ones the first by name. Default: all.</param>
    /// <returns>The cells. Which levels were merged depends on the two samples together and not on how they differ, so that the p-values of tests remain right.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <remarks>
    /// One level alone is not merged: it would only lose its name. A level that is itself called <see cref="Other"/>, as in a reference that was merged before it was stored, joins the cell.
    /// Levels with a count of 0 on both sides have no cell. Time and memory go by the number of levels.
    /// </remarks>
    public static CellCounts Of(CategoryCounts reference, CategoryCounts current, double leastShare = 0, int mostLevels = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        if (!(leastShare is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(leastShare), leastShare, "A share is between 0 and 1.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(mostLevels);
        return LevelUnion.Of(reference, current).ToCells(leastShare, mostLevels);
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

    /// <summary>The names of cells that the current sample has values in and the reference has not: levels that are new. By name also where <see cref="Of"/> merged them.</summary>
    public IReadOnlyList<string> NewLevels
    {
        get => _newLevels ??= NamesWhere(_reference, _current);
        internal init => _newLevels = value;
    }

    /// <summary>The names of cells that the reference has values in and the current sample has not: levels that vanished. By name also where <see cref="Of"/> merged them.</summary>
    public IReadOnlyList<string> VanishedLevels
    {
        get => _vanishedLevels ??= NamesWhere(_current, _reference);
        internal init => _vanishedLevels = value;
    }

    /// <summary>Which of the cells holds the missing values; −1 for none.</summary>
    internal int MissingCell { get; private init; } = -1;

    /// <summary>The same counts with one more cell, <c>(missing)</c>, for the missing values that lay in none; the same object where there are none on either side.</summary>
    /// <returns>The counts. Results made of them still tell missing values from others: in ReferenceMissing and CurrentMissing, and not in ReferenceCount and CurrentCount.</returns>
    public CellCounts WithMissingCell()
    {
        if (MissingCell >= 0 || (ReferenceMissing == 0 && CurrentMissing == 0))
            return this;
        string rule = Rule.Length == 0 ? "missing values a cell" : $"{Rule}, missing values a cell";
        return new CellCounts([.. Names, "(missing)"], [.. _reference, ReferenceMissing], [.. _current, CurrentMissing], rule) { MissingCell = Names.Count, NewLevels = NewLevels, VanishedLevels = VanishedLevels };
    }

    internal static long? TotalOf(ReadOnlySpan<long> counts)
    {
        Int128 total = 0;
        foreach (long count in counts)
            total += count;
        return total <= long.MaxValue ? (long)total : null;
    }

    private ReadOnlyCollection<string> NamesWhere(long[] none, long[] some) =>
        Enumerable.Range(0, Names.Count).Where(cell => none[cell] == 0 && some[cell] > 0).Select(cell => Names[cell]).ToList().AsReadOnly();
}
