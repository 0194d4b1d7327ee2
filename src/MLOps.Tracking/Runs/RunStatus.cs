namespace MLOps.Tracking;

/// <summary>Where a run stands. The numbers are those of MLflow's protocol.</summary>
public enum RunStatus
{
    /// <summary>The run's owner lives and may log.</summary>
    Running = 1,

    /// <summary>The run waits for its turn; nothing in this SDK sets it, MLflow clients may.</summary>
    Scheduled = 2,

    /// <summary>The run came to its end.</summary>
    Finished = 3,

    /// <summary>The run ended by an exception.</summary>
    Failed = 4,

    /// <summary>The run was cancelled, interrupted, or its process is gone.</summary>
    Killed = 5,
}
