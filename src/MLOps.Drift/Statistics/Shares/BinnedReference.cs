namespace MLOps.Drift.Statistics;

/// <summary>
/// A reference made ready once for all methods of bins: its cells and how many of its values lie in each. Some hundred bytes stand for a column of any length, and can be kept instead of it.
/// </summary>
/// <remarks>
/// Immutable and safe for any number of threads. Where several methods compare the same two columns, count once: <c>CellCounts cells = reference.Compare(current)</c>, and hand the counts to each.
/// </remarks>
public sealed class BinnedReference
{
    private readonly long[] _counts;

    private BinnedReference(Bins bins, long[] counts, long missing, bool missingAsCell) => (Bins, _counts, Missing, MissingAsCell) = (bins, counts, missing, missingAsCell);

    /// <summary>Counts a prepared reference.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="bins">The cells. Default: <see cref="Bins.Quantiles"/> of the reference, 10 of them.</param>
    /// <param name="missingAsCell">Whether missing values (NaN) are a cell of their own wherever one of the sides has any, so that a change of their share is a difference; else they are left out. Default yes.</param>
    /// <returns>The prepared reference. Time k log n.</returns>
    public static BinnedReference Of(Sample reference, Bins? bins = null, bool missingAsCell = true)
    {
        ArgumentNullException.ThrowIfNull(reference);
        bins ??= Bins.Quantiles(reference);
        long[] counts = new long[bins.Cells];
        bins.Count(reference, counts);
        return new BinnedReference(bins, counts, reference.Missing, missingAsCell);
    }

    /// <summary>Counts a reference.</summary>
    /// <param name="reference">The reference in any order; NaN is missing.</param>
    /// <param name="bins">The cells. Default: <see cref="Bins.Quantiles"/> of the reference, 10 of them, for which a copy of it is sorted.</param>
    /// <param name="missingAsCell">As for a prepared sample.</param>
    /// <returns>The prepared reference.</returns>
    public static BinnedReference Of(ReadOnlySpan<double> reference, Bins? bins = null, bool missingAsCell = true)
    {
        if (bins is null)
            return Of(Sample.Of(reference), missingAsCell: missingAsCell);
        long[] counts = new long[bins.Cells];
        long missing = bins.Count(reference, counts);
        return new BinnedReference(bins, counts, missing, missingAsCell);
    }

    /// <summary>Restores a reference from counts: those that were kept, or that a query over a table gave.</summary>
    /// <param name="bins">The cells.</param>
    /// <param name="counts">How many values of the reference lie in each, 0 or more.</param>
    /// <param name="missing">How many of its values are missing, 0 or more. Default 0.</param>
    /// <param name="missingAsCell">As for a prepared sample.</param>
    /// <returns>The prepared reference.</returns>
    /// <exception cref="ArgumentException">There are not as many counts as cells.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public static BinnedReference Of(Bins bins, ReadOnlySpan<long> counts, long missing = 0, bool missingAsCell = true)
    {
        ArgumentNullException.ThrowIfNull(bins);
        ArgumentOutOfRangeException.ThrowIfNegative(missing);
        if (counts.Length != bins.Cells)
            throw new ArgumentException($"There are {bins.Cells} cells and {counts.Length} counts.", nameof(counts));
        foreach (long count in counts)
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(counts));
        return new BinnedReference(bins, counts.ToArray(), missing, missingAsCell);
    }

    /// <summary>The cells.</summary>
    public Bins Bins { get; }

    /// <summary>How many values of the reference lie in each cell.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>How many values of the reference are missing.</summary>
    public long Missing { get; }

    /// <summary>Whether missing values are a cell of their own wherever one of the sides has any.</summary>
    public bool MissingAsCell { get; }

    /// <summary>Counts a current column beside the reference.</summary>
    /// <param name="current">The column in any order; NaN is missing.</param>
    /// <returns>Both sides' counts.</returns>
    /// <remarks>One pass over the column, on the caller's thread; no copy.</remarks>
    public CellCounts Compare(ReadOnlySpan<double> current)
    {
        long[] counts = new long[Bins.Cells];
        long missing = Bins.Count(current, counts);
        return Beside(counts, missing);
    }

    /// <summary>Counts a prepared current column beside the reference, in time k log m.</summary>
    /// <param name="current">The column.</param>
    /// <returns>Both sides' counts.</returns>
    public CellCounts Compare(Sample current)
    {
        ArgumentNullException.ThrowIfNull(current);
        long[] counts = new long[Bins.Cells];
        Bins.Count(current, counts);
        return Beside(counts, current.Missing);
    }

    private CellCounts Beside(long[] current, long missing)
    {
        CellCounts cells = new(Bins.Names, _counts, current, Bins.Rule, Missing, missing);
        return MissingAsCell ? cells.WithMissingCell() : cells;
    }
}
