namespace MLOps.Training;

/// <summary>What <see cref="AnomalyDetection"/> does about an anomaly once it has told of it.</summary>
public enum AnomalyAction
{
    /// <summary>Ends the training with an <see cref="AnomalyException"/>.</summary>
    Throw,

    /// <summary>Has the optimizer skip the step, and goes on.</summary>
    Skip,
}
