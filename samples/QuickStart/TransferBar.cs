using MLOps.Tracking.Artifacts;
using Spectre.Console;

namespace QuickStart;

/// <summary>Shows an upload or a download on a progress bar.</summary>
internal sealed class TransferBar(ProgressTask bar) : IProgress<ArtifactProgress>
{
    public void Report(ArtifactProgress value)
    {
        bar.MaxValue = Math.Max(1, value.TotalBytes);
        bar.Value = value.Files == value.TotalFiles ? bar.MaxValue : value.Bytes;
    }
}
