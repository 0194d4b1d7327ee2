using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Metrics;

/// <summary>What the writer remembers of a series between batches, and the points that the present batch adds to it.</summary>
internal sealed class SeriesState
{
    /// <summary>The run that logs the points, to its own series or to one of a logged model.</summary>
    public required RunState Run { get; init; }

    /// <summary>The measurement of a logged model whose series it is; 0 for the run's own.</summary>
    public long Measurement { get; init; }

    /// <summary>The experiment that the series is kept under: the model's, or the run's.</summary>
    public required long Experiment { get; init; }

    public required long Key { get; init; }

    /// <summary>The row's id; 0 until the series has its first points.</summary>
    public long Number { get; set; }

    /// <summary>How many points lie in the tail, equal ones counted each.</summary>
    public int TailCount { get; set; }

    public SeriesSummary Summary { get; set; }

    /// <summary>The last of the chunks, null when there is none; meaningful when <see cref="KnowsLastChunk"/>.</summary>
    public ChunkRow? LastChunk { get; set; }

    public bool KnowsLastChunk { get; set; }

    /// <summary>The points that the present batch adds, record by record.</summary>
    public List<ReadOnlyMemory<MetricPoint>> Added { get; } = [];
}
