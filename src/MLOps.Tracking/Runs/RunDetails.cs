using MLOps.Tracking.LoggedModels;

namespace MLOps.Tracking;

/// <summary>A run with its params, tags, latest metrics and dataset inputs, read in one moment.</summary>
public sealed record RunDetails
{
    /// <summary>The run itself.</summary>
    public required RunInfo Info { get; init; }

    /// <summary>The run's params by key.</summary>
    public required IReadOnlyDictionary<string, string> Params { get; init; }

    /// <summary>The run's tags by key; the name is also the tag <c>mlflow.runName</c>.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>For each metric its latest point: the largest by (step, timestamp, value), NaN counting as 0 — MLflow's rule.</summary>
    public required IReadOnlyDictionary<string, MetricPoint> Metrics { get; init; }

    /// <summary>The datasets that the run used, in the order in which they were logged.</summary>
    public required IReadOnlyList<DatasetInput> Datasets { get; init; }

    /// <summary>The logged models that the run used, in the order in which they were logged.</summary>
    public IReadOnlyList<LoggedModelId> ModelInputs { get; init; } = [];

    /// <summary>The logged models that the run put out, in the order in which they were logged.</summary>
    public IReadOnlyList<LoggedModelOutput> ModelOutputs { get; init; } = [];
}
