using MLOps.Tracking;

namespace MLOps.Training.Checkpoints;

/// <summary>A checkpoint belongs to another model, optimizer, data order or world size.</summary>
public sealed class CheckpointMismatchException : MLOpsException
{
    /// <summary>The exception of a part whose entries differ.</summary>
    public CheckpointMismatchException(string part, LoadReport report)
        : base($"The {part} of the checkpoint does not fit: {report.Missing.Count} missing ({First(report.Missing)}), {report.Unexpected.Count} unexpected ({First(report.Unexpected)}), {report.Mismatched.Count} mismatched ({First(report.Mismatched)}). Nothing was changed. To take what fits, load the weights alone and not strictly.") =>
        (Part, Report) = (part, report);

    /// <summary>The exception of a part that was made otherwise.</summary>
    public CheckpointMismatchException(string part, string reason)
        : base($"The {part} of the checkpoint does not fit: {reason}") => Part = part;

    /// <summary>The part that does not fit: <c>model</c>, <c>optimizer</c>, <c>data</c>, <c>world size</c>.</summary>
    public string Part { get; }

    /// <summary>What fits and what does not, where entries were compared.</summary>
    public LoadReport? Report { get; }

    private static string First(IReadOnlyList<string> names) => names.Count == 0 ? "none" : names.Count == 1 ? names[0] : $"{names[0]} and others";
}
