namespace MLOps.Training;

/// <summary>Which checkpoints of a training become artifacts of its run.</summary>
public enum LoggedCheckpoints
{
    /// <summary>None. Default.</summary>
    None = 0,

    /// <summary>The newest one. The one before goes when the new one is whole.</summary>
    Last = 1,

    /// <summary>The one with the best value of <see cref="Checkpoints.CheckpointingOptions.BestMetric"/>. The one before goes when the new one is whole.</summary>
    Best = 2,

    /// <summary>Every one.</summary>
    All = 3,
}
