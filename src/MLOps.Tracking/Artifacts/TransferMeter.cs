namespace MLOps.Tracking.Artifacts;

/// <summary>Adds up what the files of a transfer report and hands it on one report at a time, so that figures never go back.</summary>
internal sealed class TransferMeter(IProgress<ArtifactProgress>? progress, int totalFiles, long totalBytes)
{
    private readonly Lock _gate = new();
    private int _files;
    private long _bytes;

    public void Add(int files, long bytes)
    {
        if (progress is null)
            return;
        lock (_gate)
        {
            _files += files;
            _bytes += bytes;
            progress.Report(new(_files, totalFiles, _bytes, totalBytes));
        }
    }
}
