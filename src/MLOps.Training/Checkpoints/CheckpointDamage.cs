namespace MLOps.Training.Checkpoints;

/// <summary>What is wrong with a file of a checkpoint.</summary>
/// <param name="File">The file.</param>
/// <param name="Reason">What is wrong, as the end of a sentence.</param>
/// <param name="Expected">The SHA-256 that was written down.</param>
/// <param name="Actual">The SHA-256 of what is there.</param>
/// <param name="Cause">What found it.</param>
internal sealed record CheckpointDamage(string File, string Reason, string? Expected = null, string? Actual = null, Exception? Cause = null);
