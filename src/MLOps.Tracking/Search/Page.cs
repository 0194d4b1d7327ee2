namespace MLOps.Tracking.Search;

/// <summary>Some of what a question finds.</summary>
/// <typeparam name="T">What was searched.</typeparam>
/// <param name="Items">What was found, in order.</param>
/// <param name="NextToken">Leads to what comes next; null when there is no more.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextToken);
