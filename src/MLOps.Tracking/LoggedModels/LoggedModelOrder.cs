using MLOps.Tracking.Search;

namespace MLOps.Tracking.LoggedModels;

/// <summary>One key of an order of logged models.</summary>
/// <param name="Field">An attribute or a metric.</param>
/// <param name="IsDescending">Whether the largest comes first.</param>
/// <param name="DatasetName">For a metric: only as measured on this dataset; null for any.</param>
/// <param name="DatasetDigest">For a metric: only as measured on a dataset with this digest; null for any.</param>
public sealed record LoggedModelOrder(SearchField Field, bool IsDescending = false, string? DatasetName = null, string? DatasetDigest = null);
