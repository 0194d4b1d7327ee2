using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>A loss or a gradient was NaN or infinite, and <see cref="AnomalyDetection"/> was told to end the training then. The step was not taken: parameters are as the step before left them.</summary>
public sealed class AnomalyException(Anomaly anomaly) : MLOpsException(anomaly.ToString())
{
    /// <summary>What was found.</summary>
    public Anomaly Anomaly { get; } = anomaly;
}
