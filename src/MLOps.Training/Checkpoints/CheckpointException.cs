using MLOps.Tracking;

namespace MLOps.Training.Checkpoints;

/// <summary>A checkpoint could not be written, or is not there. What was whole before is whole still.</summary>
/// <param name="message">What happened, and what to do next.</param>
/// <param name="checkpoint">The name of the checkpoint; null where none in particular is meant.</param>
/// <param name="innerException">The cause.</param>
public sealed class CheckpointException(string message, string? checkpoint, Exception? innerException = null) : MLOpsException(message, innerException)
{
    /// <summary>The name of the checkpoint; null where none in particular is meant.</summary>
    public string? Checkpoint { get; } = checkpoint;
}
