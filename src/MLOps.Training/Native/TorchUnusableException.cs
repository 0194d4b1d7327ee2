using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>TorchSharp's native library does not load in this process. The message says what is missing and what to do.</summary>
public sealed class TorchUnusableException(TorchRuntimeReport report) : MLOpsException(report.Summary)
{
    /// <summary>What was found.</summary>
    public TorchRuntimeReport Report { get; } = report;
}
