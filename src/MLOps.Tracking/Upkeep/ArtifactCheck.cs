using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>One verification of the artifacts of runs, run by run.</summary>
/// <param name="store">The store.</param>
/// <param name="openArtifacts">Opens the artifacts at a location; raises <see cref="ArtifactStoreException"/> where no store here serves it.</param>
/// <param name="progress">Told after each run.</param>
internal sealed class ArtifactCheck(ITrackingStore store, Func<Uri, ArtifactFolder> openArtifacts, IProgress<UpkeepProgress>? progress)
{
    private readonly List<StoreFinding> _findings = [];
    private readonly List<SkippedRun> _skipped = [];
    private int _runs;
    private long _files;
    private long _bytes;
    private long _unverified;

    /// <summary>Verifies the artifacts of runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="found">What was found before, which begins the report.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public async ValueTask<CheckReport> RunAsync(IReadOnlyList<RunInfo> runs, IEnumerable<StoreFinding> found, CancellationToken cancellationToken)
    {
        _findings.AddRange(found);
        foreach ((int done, RunInfo run) in runs.Index())
        {
            try
            {
                if (!Uri.TryCreate(run.ArtifactLocation, UriKind.Absolute, out Uri? location))
                    throw new ArtifactStoreException($"Its artifact location '{run.ArtifactLocation}' is not a URI.", isTransient: false);
                await TakeAsync(run, await openArtifacts(location).VerifyAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is ArtifactStoreException or ArtifactNotFoundException)
            {
                _skipped.Add(new SkippedRun(run.Id, error.Message));
            }

            progress?.Report(new UpkeepProgress(done + 1, runs.Count, _files, _bytes));
        }

        return new CheckReport { Findings = _findings, Runs = _runs, ArtifactFiles = _files, ArtifactBytes = _bytes, UnverifiedFiles = _unverified, Skipped = _skipped };
    }

    private async ValueTask TakeAsync(RunInfo run, ArtifactVerification verified, CancellationToken cancellationToken)
    {
        _runs++;
        _files += verified.Files;
        _bytes += verified.Bytes;
        _unverified += verified.Unverified;
        if (verified.Missing.Count + verified.Corrupt.Count == 0)
            return;

        // Purged meanwhile, its artifacts are gone by right; while it runs, an upload may have replaced a file whose manifest is still to be written.
        if (await store.FindRunAsync(run.Id, cancellationToken).ConfigureAwait(false) is not { } present)
            return;
        if (present.Info.Status == RunStatus.Running)
        {
            _skipped.Add(new SkippedRun(run.Id, $"It is running, and {verified.Missing.Count + verified.Corrupt.Count} of its artifacts differ from their manifests, perhaps because an upload is under way. Check it again when it has ended."));
            return;
        }

        foreach (string path in verified.Missing)
            _findings.Add(new StoreFinding(StoreFindingKind.ArtifactMissing, $"Artifact '{path}' of run '{run.Id}' is in a manifest and not at {run.ArtifactLocation}. Upload it again, or restore a backup.") { RunId = run.Id, Key = path });
        foreach ((string path, string message) in verified.Corrupt)
            _findings.Add(new StoreFinding(StoreFindingKind.ArtifactCorrupt, $"Run '{run.Id}': {message}") { RunId = run.Id, Key = path });
    }
}
