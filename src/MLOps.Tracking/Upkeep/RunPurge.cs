using MLOps.Tracking.Artifacts;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>One purge: marks runs, deletes their artifacts, removes what the store holds of them. Killed anywhere, it is ended by the next one.</summary>
/// <param name="store">The store.</param>
/// <param name="openArtifacts">Opens the artifacts at a location; raises <see cref="ArtifactStoreException"/> where no store here serves it.</param>
/// <param name="findUse">Says why a run is in use; null when it is not.</param>
/// <param name="options">What to do. Which runs and experiments is said to <see cref="RunAsync"/>.</param>
/// <param name="progress">Told after each run, one report at a time.</param>
internal sealed class RunPurge(
    ITrackingStore store,
    Func<Uri, ArtifactFolder> openArtifacts,
    Func<RunInfo, CancellationToken, ValueTask<string?>> findUse,
    PurgeOptions options,
    IProgress<UpkeepProgress>? progress)
{
    private const int RunsAtOnce = 200, Parallelism = 4;

    private readonly Lock _gate = new();
    private readonly List<SkippedRun> _skipped = [];
    private readonly HashSet<ExperimentId> _holdingSkipped = [];
    private readonly HashSet<RunId> _purged = [];
    private readonly HashSet<RunId> _registered = [];
    private int _done;
    private int _total;
    private long _files;
    private long _bytes;

    /// <summary>Ends purges that were interrupted, then purges.</summary>
    /// <param name="runs">Softly deleted runs.</param>
    /// <param name="experiments">Softly deleted experiments; those that have no runs left then are purged.</param>
    /// <param name="cancellationToken">Stops; what has begun is ended by the next purge.</param>
    public async ValueTask<PurgeReport> RunAsync(IReadOnlyList<RunInfo> runs, IReadOnlyList<Experiment> experiments, CancellationToken cancellationToken)
    {
        IReadOnlyList<RunInfo> begun = await store.FindPurgingAsync(int.MaxValue, cancellationToken).ConfigureAwait(false);
        _total = begun.Count + runs.Count;
        foreach (RunInfo[] some in begun.Chunk(RunsAtOnce))
            await EndAsync(some, cancellationToken).ConfigureAwait(false);
        if (runs.Count > 0)
            await FindRegisteredAsync(cancellationToken).ConfigureAwait(false);
        foreach (RunInfo[] some in runs.Chunk(RunsAtOnce))
        {
            List<RunInfo> free = [];
            foreach (RunInfo run in some)
            {
                if (await FindObstacleAsync(run, cancellationToken).ConfigureAwait(false) is { } obstacle)
                    Skip(run, obstacle);
                else
                    free.Add(run);
            }

            await EndAsync(options.DryRun || free.Count == 0 ? free : await BeginAsync(free, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }

        int purgedExperiments = 0;
        foreach (Experiment experiment in experiments)
        {
            if (await PurgeAsync(experiment, cancellationToken).ConfigureAwait(false))
                purgedExperiments++;
        }

        return new PurgeReport { Runs = _purged.Count, Experiments = purgedExperiments, ArtifactFiles = _files, ArtifactBytes = _bytes, Skipped = _skipped };
    }

    /// <summary>Says what keeps a run from being purged before anything is done to it; null when nothing does.</summary>
    private async ValueTask<string?> FindObstacleAsync(RunInfo run, CancellationToken cancellationToken)
    {
        if (run.Lifecycle != Lifecycle.Deleted)
            return "It is not deleted. Delete it first.";
        if (_registered.Contains(run.Id))
            return $"Versions of registered models come from it, and may have their files there: its tag {WellKnownTags.RegisteredModels} names them. When they are deleted, delete the tag (restore the run, Tracker.DeleteTagAsync, delete the run), and purge again.";
        try
        {
            if (!KeepsArtifactsOf(run))
                ArtifactsAt(run.ArtifactLocation).ThrowUnlessOwn(run.Id.Value);
        }
        catch (ArtifactStoreException refused)
        {
            return refused.Message;
        }

        return await findUse(run, cancellationToken).ConfigureAwait(false);
    }

    // One question for all: the runs are many, those of registered models are few.
    private async ValueTask FindRegisteredAsync(CancellationToken cancellationToken)
    {
        RunQuery query = new() { Lifecycle = Lifecycle.Deleted, Filter = RunField.Tag(WellKnownTags.RegisteredModels).IsNotNull(), Fields = RunFields.None };
        await foreach (RunDetails run in store.FindRunsAsync(query, cancellationToken).ConfigureAwait(false))
            _registered.Add(run.Info.Id);
    }

    // Runs whose purge was interrupted are ended whatever is asked for, but nobody has said of them that their artifacts are to stay.
    private bool KeepsArtifactsOf(RunInfo run) =>
        options.KeepArtifacts && options.Runs?.Contains(run.Id) != false && options.Experiments?.Contains(run.ExperimentId) != false;

    private ArtifactFolder ArtifactsAt(string artifactLocation) => Uri.TryCreate(artifactLocation, UriKind.Absolute, out Uri? location)
        ? openArtifacts(location)
        : throw new ArtifactStoreException($"Its artifact location '{artifactLocation}' is not a URI. Purge it with PurgeOptions.KeepArtifacts.", isTransient: false);

    private async ValueTask<IReadOnlyList<RunInfo>> BeginAsync(IEnumerable<RunInfo> runs, CancellationToken cancellationToken)
    {
        IReadOnlyList<RunInfo> begun = await store.BeginPurgeAsync([.. runs.Select(run => run.Id)], cancellationToken).ConfigureAwait(false);

        // A power loss must not bring a run back whose artifacts it does not bring back.
        await store.SyncAsync(cancellationToken).ConfigureAwait(false);
        return begun;
    }

    private async ValueTask EndAsync(IReadOnlyList<RunInfo> begun, CancellationToken cancellationToken)
    {
        List<RunId> ended = [];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            begun,
            parallel,
            async (run, token) =>
            {
                if (await DeleteArtifactsAsync(run, token).ConfigureAwait(false))
                {
                    lock (_gate)
                        ended.Add(run.Id);
                }
            }).ConfigureAwait(false);
        if (!options.DryRun && ended.Count > 0)
            await store.EndPurgeAsync(ended, cancellationToken).ConfigureAwait(false);
        foreach (RunId run in ended)
        {
            _purged.Add(run);
            Done();
        }
    }

    private async ValueTask<bool> DeleteArtifactsAsync(RunInfo run, CancellationToken cancellationToken)
    {
        if (KeepsArtifactsOf(run))
            return true;
        try
        {
            ArtifactFolder folder = ArtifactsAt(run.ArtifactLocation);
            ArtifactAmount amount = options.DryRun
                ? await folder.MeasureAsync(cancellationToken).ConfigureAwait(false)
                : await folder.DeleteAllAsync(run.Id.Value, cancellationToken).ConfigureAwait(false);
            Count(amount);
            return true;
        }
        catch (ArtifactStoreException refused)
        {
            Skip(run, refused.Message);
            return false;
        }
    }

    private async ValueTask<bool> PurgeAsync(Experiment experiment, CancellationToken cancellationToken)
    {
        if (_holdingSkipped.Contains(experiment.Id) || await HasRunsAsync(experiment, cancellationToken).ConfigureAwait(false))
            return false;

        // Before the experiment: nobody would know of its files after it.
        if (!options.KeepArtifacts)
        {
            if (!await DeleteModelArtifactsAsync(experiment, cancellationToken).ConfigureAwait(false))
                return false;
            if (!options.DryRun)
                DeleteEmptyFolders(experiment);
        }

        return options.DryRun || await store.PurgeExperimentAsync(experiment.Id, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> HasRunsAsync(Experiment experiment, CancellationToken cancellationToken)
    {
        RunQuery left = new() { Experiments = [experiment.Id], Lifecycle = null, Fields = RunFields.None };
        await foreach (RunDetails run in store.FindRunsAsync(left, cancellationToken).ConfigureAwait(false))
        {
            if (!_purged.Contains(run.Info.Id))
                return true;
        }

        return false;
    }

    /// <summary>Deletes the artifacts of an experiment's logged models, unless one of them has to stay.</summary>
    /// <returns>Whether all are gone.</returns>
    private async ValueTask<bool> DeleteModelArtifactsAsync(Experiment experiment, CancellationToken cancellationToken)
    {
        if (!store.Capabilities.HasFlag(StoreCapabilities.LoggedModels))
            return true;
        LoggedModelQuery query = new() { Experiments = [experiment.Id], Lifecycle = null };
        List<LoggedModel> models = [];
        PageRequest request = new();
        do
        {
            Page<LoggedModel> page = await store.FindLoggedModelsAsync(query, request, cancellationToken).ConfigureAwait(false);
            models.AddRange(page.Items);
            request = request with { Token = page.NextToken };
        }
        while (request.Token is not null);

        try
        {
            if (models.Exists(model => model.Tags.ContainsKey(WellKnownTags.ModelVersions)))
                return false;
            foreach (LoggedModel model in models)
                ArtifactsAt(model.ArtifactLocation).ThrowUnlessOwn(model.Id.Value);
            foreach (LoggedModel model in models)
            {
                ArtifactFolder folder = ArtifactsAt(model.ArtifactLocation);
                Count(options.DryRun ? await folder.MeasureAsync(cancellationToken).ConfigureAwait(false) : await folder.DeleteAllAsync(model.Id.Value, cancellationToken).ConfigureAwait(false));
            }

            return true;
        }
        catch (ArtifactStoreException)
        {
            // The experiment stays with its models, and the next purge goes on.
            return false;
        }
    }

    /// <summary>Runs and logged models that were made over MLflow's routes have their folders in one of the experiment's.</summary>
    private static void DeleteEmptyFolders(Experiment experiment)
    {
        if (!Uri.TryCreate(experiment.ArtifactLocation, UriKind.Absolute, out Uri? location) || !location.IsFile)
            return;
        DirectoryInfo folder = new(location.LocalPath);
        try
        {
            if (folder.Name == experiment.Id.Value)
            {
                LocalArtifactStore.DeleteIfEmpty(new DirectoryInfo(Path.Join(folder.FullName, "models")));
                LocalArtifactStore.DeleteIfEmpty(folder);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // An empty folder is no reason to keep the experiment.
        }
    }

    private void Skip(RunInfo run, string reason)
    {
        lock (_gate)
        {
            _skipped.Add(new SkippedRun(run.Id, reason));
            _holdingSkipped.Add(run.ExperimentId);
        }

        Done();
    }

    private void Count(ArtifactAmount amount)
    {
        lock (_gate)
            (_files, _bytes) = (_files + amount.Files, _bytes + amount.Bytes);
    }

    private void Done()
    {
        lock (_gate)
            progress?.Report(new UpkeepProgress(++_done, _total, _files, _bytes));
    }
}
