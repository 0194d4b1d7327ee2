using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>The loss can't be trained on: it is not one number, or has no gradient function.</summary>
public sealed class LossException(string message, long step) : MLOpsException(message)
{
    /// <summary>Optimizer steps taken before.</summary>
    public long Step { get; } = step;
}
