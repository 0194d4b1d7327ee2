namespace MLOps.Tracking;

/// <summary>Tags with a meaning: MLflow's, so that its tools understand them, and ours.</summary>
public static class WellKnownTags
{
    /// <summary>The run's name.</summary>
    public const string RunName = "mlflow.runName";

    /// <summary>The id of the run that a run is a child of.</summary>
    public const string ParentRunId = "mlflow.parentRunId";

    /// <summary>A description in Markdown.</summary>
    public const string Note = "mlflow.note.content";

    /// <summary>Who started the run.</summary>
    public const string User = "mlflow.user";

    /// <summary>The artifacts that MLflow's user interface shows as tables: a JSON list of path and type.</summary>
    public const string LoggedArtifacts = "mlflow.loggedArtifacts";

    /// <summary>The exception that failed the run: its type and message.</summary>
    public const string Exception = "mlops.exception";

    /// <summary>The signal that interrupted the run's process.</summary>
    public const string Interrupted = "mlops.interrupted";

    /// <summary>How many points of the run found no room in the journal.</summary>
    public const string PointsDropped = "mlops.points_dropped";

    /// <summary>The versions of registered models that the run led to: a JSON list of <c>name</c> and <c>version</c>. A run that has it is neither let go by a retention policy nor purged.</summary>
    public const string RegisteredModels = "mlops.registered_models";

    /// <summary>The versions of registered models that were made from a logged model, as MLflow writes them. While a logged model has it, the experiment that the model is in is not purged.</summary>
    public const string ModelVersions = "mlflow.modelVersions";
}
