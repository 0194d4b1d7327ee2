namespace MLOps.Tracking.LoggedModels;

/// <summary>The latest point of one metric of a logged model on one dataset, logged by a run.</summary>
/// <param name="Key">The metric.</param>
/// <param name="Point">The point that is latest by <see cref="MetricPoint.IsLaterThan"/>.</param>
/// <param name="RunId">The run that logged it.</param>
/// <param name="DatasetName">The dataset that it was measured on; null when unsaid.</param>
/// <param name="DatasetDigest">That dataset's digest; null when unsaid.</param>
public sealed record LoggedModelMetric(string Key, MetricPoint Point, RunId RunId, string? DatasetName, string? DatasetDigest);
