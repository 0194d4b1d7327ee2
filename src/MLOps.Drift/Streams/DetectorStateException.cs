using MLOps.Tracking;

namespace MLOps.Drift.Streams;

/// <summary>A detector cannot be restored from what was given as its saved state. No detector was made.</summary>
public sealed class DetectorStateException : MLOpsException
{
    private DetectorStateException(string message, bool isNewer, Exception? innerException)
        : base(message, innerException) => IsNewer = isNewer;

    /// <summary>Whether the state was written by a newer version of this package, which would read it; otherwise it is damaged or not this detector's.</summary>
    public bool IsNewer { get; }

    internal static DetectorStateException Damaged(string reason, Exception? innerException = null) =>
        new($"The saved state of the detector is damaged: {reason}. Restore it from a copy, or start a new detector.", isNewer: false, innerException);

    internal static DetectorStateException Foreign(string reason) =>
        new($"This is not the saved state of such a detector: {reason}. Give what Save wrote, or start a new detector.", isNewer: false, innerException: null);

    internal static DetectorStateException Newer(int found, int supported) =>
        new($"The saved state of the detector has version {found}; this program knows versions up to {supported}. Update the MLOps packages of this program, or start a new detector.", isNewer: true, innerException: null);
}
