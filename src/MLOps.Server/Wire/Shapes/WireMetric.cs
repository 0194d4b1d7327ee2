namespace MLOps.Server.Wire.Shapes;

/// <summary>A point of a metric, and the answer that holds a history.</summary>
internal readonly record struct WireMetric
{
    public required string Key { get; init; }

    public required double Value { get; init; }

    public required long Timestamp { get; init; }

    public required long Step { get; init; }

    public string? ModelId { get; init; }

    public string? DatasetName { get; init; }

    public string? DatasetDigest { get; init; }

    public string? RunId { get; init; }
}

internal sealed record MetricsAnswer(IReadOnlyList<WireMetric>? Metrics, string? NextPageToken);
