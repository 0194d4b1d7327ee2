namespace MLOps.Tracking;

/// <summary>One thing that runs are compared in.</summary>
/// <param name="Key">What it is: a key, the name of a dataset, the path of an artifact.</param>
/// <param name="Cells">What each run has of it, in the order of <see cref="RunComparison.Runs"/>; null where a run lacks it.</param>
/// <param name="Differs">Whether not all runs have the same.</param>
public sealed record ComparisonRow(string Key, IReadOnlyList<ComparisonCell?> Cells, bool Differs);
