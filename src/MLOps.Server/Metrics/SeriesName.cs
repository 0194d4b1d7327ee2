using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Metrics;

/// <summary>Which series a point that is sent belongs to.</summary>
/// <param name="Key">The metric.</param>
/// <param name="Model">The logged model that it tells of; null for the run alone.</param>
/// <param name="DatasetName">The dataset that the model was measured on.</param>
/// <param name="DatasetDigest">That dataset's digest.</param>
internal readonly record struct SeriesName(string Key, LoggedModelId? Model, string? DatasetName, string? DatasetDigest)
{
    /// <summary>What a store is to apply.</summary>
    public TrackingRecord.PointsLogged RecordOf(RunId run, ReadOnlyMemory<MetricPoint> points) => new(run, Key, points) { Model = Model, DatasetName = DatasetName, DatasetDigest = DatasetDigest };
}
