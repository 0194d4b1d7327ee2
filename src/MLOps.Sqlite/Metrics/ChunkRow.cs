using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Metrics;

/// <summary>A chunk without its points.</summary>
internal sealed record ChunkRow(long Number, int Count, MetricPoint First, MetricPoint Last)
{
    public bool IsFull => Count == PointChunk.Capacity;
}
