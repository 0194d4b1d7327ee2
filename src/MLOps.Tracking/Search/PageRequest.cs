namespace MLOps.Tracking.Search;

/// <summary>Which part of an answer is wanted.</summary>
public sealed record PageRequest
{
    /// <summary>The largest <see cref="Size"/>: 50,000, as in MLflow.</summary>
    public const int LargestSize = 50_000;

    /// <summary>The most items in the page, 1 to <see cref="LargestSize"/>. Default: 1,000.</summary>
    public int Size { get; init; } = 1000;

    /// <summary>The <see cref="Page{T}.NextToken"/> of the page before; null begins.</summary>
    public string? Token { get; init; }

    internal static void Check(PageRequest page)
    {
        ArgumentNullException.ThrowIfNull(page);
        if (page.Size is < 1 or > LargestSize)
            throw new ArgumentOutOfRangeException(nameof(page), page.Size, "A page has 1 to 50,000 items.");
    }
}
