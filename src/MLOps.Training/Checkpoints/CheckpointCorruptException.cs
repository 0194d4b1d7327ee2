using MLOps.Tracking;

namespace MLOps.Training.Checkpoints;

/// <summary>A file of a checkpoint is not what was written: changed, cut short or gone. Nothing was loaded from the checkpoint.</summary>
public sealed class CheckpointCorruptException : MLOpsException
{
    internal CheckpointCorruptException(string checkpoint, string location, CheckpointDamage damage, string? previous)
        : base(
            $"Checkpoint '{checkpoint}' in '{location}' can't be used: '{damage.File}' {damage.Reason} Nothing was changed. "
            + (previous is null
                ? "There is no older checkpoint that is whole: restore the file, or begin anew."
                : $"The newest older one that is whole is '{previous}': restore the file, or delete '{checkpoint}' and those after it by CheckpointStore.DeleteAsync and resume again."),
            damage.Cause) =>
        (Checkpoint, File, Expected, Actual, Previous) = (checkpoint, damage.File, damage.Expected, damage.Actual, previous);

    /// <summary>The name of the checkpoint.</summary>
    public string Checkpoint { get; }

    /// <summary>The file in it.</summary>
    public string File { get; }

    /// <summary>The SHA-256 that was written down, in lower-case hex; null where none is known.</summary>
    public string? Expected { get; }

    /// <summary>The SHA-256 of what is there, in lower-case hex; null where nothing is.</summary>
    public string? Actual { get; }

    /// <summary>The name of the newest older checkpoint whose files were all verified; null when there is none.</summary>
    public string? Previous { get; }
}
