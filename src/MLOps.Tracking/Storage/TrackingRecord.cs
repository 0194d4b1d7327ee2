using MLOps.Tracking.LoggedModels;

namespace MLOps.Tracking.Storage;

/// <summary>One change to a run, as a store applies it. The set is closed: a switch over it is the list of all that can happen to a run.</summary>
public abstract record TrackingRecord
{
    private TrackingRecord(RunId runId) => RunId = runId;

    /// <summary>The run that changes.</summary>
    public RunId RunId { get; }

    /// <summary>A run comes to be. The experiment is made when a name is given and none has it.</summary>
    /// <param name="RunId">The new run.</param>
    /// <param name="StartedAtMs">When, in milliseconds since 1970 UTC.</param>
    public sealed record RunStarted(RunId RunId, long StartedAtMs) : TrackingRecord(RunId)
    {
        /// <summary>The experiment by name, 1 to 500 characters; made where absent. Null when <see cref="ExperimentId"/> is given.</summary>
        public string? ExperimentName { get; init; }

        /// <summary>The experiment by id; refused where absent. Null when <see cref="ExperimentName"/> is given.</summary>
        public ExperimentId? ExperimentId { get; init; }

        /// <summary>The name, for people; also kept as tag <c>mlflow.runName</c>.</summary>
        public string Name { get; init; } = "";

        /// <summary>Who started it; empty when unknown.</summary>
        public string User { get; init; } = "";

        /// <summary>The run that it is a child of; also kept as tag <c>mlflow.parentRunId</c>. It need not exist.</summary>
        public RunId? Parent { get; init; }

        /// <summary>The root of its artifacts; null lets the store derive it from the experiment's.</summary>
        public string? ArtifactLocation { get; init; }

        /// <summary>The status to start with. Default: running.</summary>
        public RunStatus Status { get; init; } = RunStatus.Running;
    }

    /// <summary>A run's status, end or name changes; null fields stay. A status of running clears the end.</summary>
    /// <param name="RunId">The run.</param>
    public sealed record RunUpdated(RunId RunId) : TrackingRecord(RunId)
    {
        /// <summary>The new status.</summary>
        public RunStatus? Status { get; init; }

        /// <summary>When the run ended, in milliseconds since 1970 UTC.</summary>
        public long? EndedAtMs { get; init; }

        /// <summary>The new name; also rewrites tag <c>mlflow.runName</c>.</summary>
        public string? Name { get; init; }
    }

    /// <summary>A param is logged. An equal value again changes nothing; another value is refused.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Key">1 to 250 characters by MLflow's rule for keys.</param>
    /// <param name="Value">Up to 6,000 characters.</param>
    public sealed record ParamLogged(RunId RunId, string Key, string Value) : TrackingRecord(RunId);

    /// <summary>A tag is set; the last value wins. Tag <c>mlflow.runName</c> renames the run.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Key">1 to 250 characters by MLflow's rule for keys.</param>
    /// <param name="Value">Up to 8,000 characters.</param>
    public sealed record TagSet(RunId RunId, string Key, string Value) : TrackingRecord(RunId);

    /// <summary>A tag is removed.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Key">The tag.</param>
    public sealed record TagDeleted(RunId RunId, string Key) : TrackingRecord(RunId);

    /// <summary>Points of one metric, in any order; equal points are one.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Key">1 to 250 characters by MLflow's rule for keys.</param>
    /// <param name="Points">The points. The memory belongs to the caller again when the append has ended.</param>
    public sealed record PointsLogged(RunId RunId, string Key, ReadOnlyMemory<MetricPoint> Points) : TrackingRecord(RunId)
    {
        /// <summary>The logged model that the points tell of; null for none. They are kept in the run's series and in the model's.</summary>
        public LoggedModelId? Model { get; init; }

        /// <summary>The dataset that the model was measured on; null when unsaid. It counts for the model's series alone.</summary>
        public string? DatasetName { get; init; }

        /// <summary>That dataset's digest; null when unsaid.</summary>
        public string? DatasetDigest { get; init; }
    }

    /// <summary>A run used a dataset. The same name, digest and role again sets its tags anew where the last value wins, and changes nothing else.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Dataset">The dataset and its role.</param>
    public sealed record DatasetUsed(RunId RunId, DatasetInput Dataset) : TrackingRecord(RunId);

    /// <summary>A run used a logged model. The same again changes nothing.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Model">The model.</param>
    public sealed record ModelUsed(RunId RunId, LoggedModelId Model) : TrackingRecord(RunId);

    /// <summary>A run put out a logged model. The same model and step again changes nothing.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="Output">The model, and the step at which it was put out.</param>
    public sealed record ModelProduced(RunId RunId, LoggedModelOutput Output) : TrackingRecord(RunId);
}
