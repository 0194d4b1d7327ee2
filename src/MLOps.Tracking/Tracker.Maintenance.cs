using System.Runtime.CompilerServices;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <content>Purge, retention, check and compaction.</content>
public sealed partial class Tracker
{
    /// <summary>
    /// Removes softly deleted runs and experiments for good, with their artifacts. A run is put out of sight first, then its artifacts are deleted, then all that the store holds of it but for its id,
    /// which no run takes again. Interrupted anywhere, by <c>kill -9</c> too, it is ended by the next purge, whatever that one is asked for.
    /// </summary>
    /// <param name="options">What to purge; null purges all that is softly deleted.</param>
    /// <param name="progress">Told after each run, one report at a time.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>What was removed, and the runs that were not, with reasons: those that are open here or that another living process writes, those with the tag <see cref="WellKnownTags.RegisteredModels"/>, and those whose artifacts could not be deleted, which stay out of sight until a purge can.</returns>
    /// <remarks>Artifacts are deleted only in a location that bears the run's id, and never through links. Other writers go on meanwhile. An experiment goes with its logged models and their artifacts; it stays when one of these has versions of registered models (<see cref="WellKnownTags.ModelVersions"/>), or artifacts that cannot be deleted. The file of a SQLite store does not shrink; see <see cref="CompactAsync"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="PurgeOptions.DeletedFor"/> is negative.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Purge"/>.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<PurgeReport> PurgeAsync(PurgeOptions? options = null, IProgress<UpkeepProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new PurgeOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.DeletedFor, TimeSpan.Zero, nameof(options));
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        DateTimeOffset until = Clock.GetUtcNow() - options.DeletedFor;
        bool IsDue(DateTimeOffset? deletedAt) => options.DeletedFor == TimeSpan.Zero || deletedAt <= until;

        List<RunInfo> runs = [];
        await foreach (RunInfo run in FindRunsAsync(options, cancellationToken).ConfigureAwait(false))
        {
            if ((run.Lifecycle == Lifecycle.Active || IsDue(run.DeletedAt)) && options.Experiments?.Contains(run.ExperimentId) != false)
                runs.Add(run);
        }

        List<Experiment> experiments = [];
        if (options.Runs is null)
        {
            await foreach (Experiment experiment in Store.FindExperimentsAsync(new ExperimentQuery { Lifecycle = Lifecycle.Deleted }, cancellationToken).ConfigureAwait(false))
            {
                // A deleted experiment takes no other change.
                if (IsDue(experiment.UpdatedAt) && options.Experiments?.Contains(experiment.Id) != false)
                    experiments.Add(experiment);
            }
        }

        return await NewPurge(options, progress).RunAsync(runs, experiments, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Applies a retention policy once: deletes the runs that it lets go, then purges what has been deleted for long enough.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="dryRun">Says what would be done and changes nothing.</param>
    /// <param name="progress">Told after each run that is purged.</param>
    /// <param name="cancellationToken">Stops between runs; what was done stays done.</param>
    /// <returns>What was deleted and purged.</returns>
    /// <exception cref="ArgumentException">The policy has neither an age nor a number, or one that is out of range, or its filter names what runs do not have.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.SoftDelete"/>, or <see cref="StoreCapabilities.Purge"/> where <see cref="RetentionPolicy.PurgeAfter"/> is set.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<RetentionReport> ApplyRetentionAsync(RetentionPolicy policy, bool dryRun = false, IProgress<UpkeepProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Check(nameof(policy));
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        Retention retention = new(Store, policy, IsOpen, Clock.GetUtcNow());
        List<RunInfo> due = await retention.FindDueAsync(cancellationToken).ConfigureAwait(false);
        List<RunId> deleted = dryRun ? due.ConvertAll(run => run.Id) : await retention.DeleteAsync(due, cancellationToken).ConfigureAwait(false);
        if (policy.PurgeAfter is not { } after)
            return new RetentionReport(deleted, Purge: null);

        List<RunInfo> runs = await retention.FindPurgeableRunsAsync(after, cancellationToken).ConfigureAwait(false);
        if (dryRun && after == TimeSpan.Zero)
            runs.AddRange(due.Select(run => run with { Lifecycle = Lifecycle.Deleted }));
        List<Experiment> experiments = await retention.FindPurgeableExperimentsAsync(after, cancellationToken).ConfigureAwait(false);
        PurgeReport purge = await NewPurge(new PurgeOptions { DryRun = dryRun }, progress).RunAsync(runs, experiments, cancellationToken).ConfigureAwait(false);
        return new RetentionReport(deleted, purge);
    }

    /// <summary>Looks for damage: in what the store keeps, and if asked in artifacts. Writers go on meanwhile.</summary>
    /// <param name="options">What to look at; null looks at the store alone.</param>
    /// <param name="progress">Told after each run whose artifacts were verified.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="RunNotFoundException">A run of <see cref="CheckOptions.Runs"/> does not exist.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Maintenance"/>, and <see cref="CheckOptions.Store"/> is set.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<CheckReport> CheckAsync(CheckOptions? options = null, IProgress<UpkeepProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new CheckOptions();
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        List<StoreFinding> findings = [];
        if (options.Store)
        {
            await foreach (StoreFinding finding in Store.CheckAsync(cancellationToken).ConfigureAwait(false))
                findings.Add(finding);
        }

        List<RunInfo> runs = [];
        if (options is { Artifacts: true, Runs: { } ids })
        {
            foreach (RunId id in ids)
                runs.Add((await Store.FindRunAsync(id, cancellationToken).ConfigureAwait(false))?.Info ?? throw new RunNotFoundException(id));
        }
        else if (options.Artifacts)
        {
            await foreach (RunDetails run in Store.FindRunsAsync(new RunQuery { Lifecycle = null, Fields = RunFields.None }, cancellationToken).ConfigureAwait(false))
                runs.Add(run.Info);
        }

        return await new ArtifactCheck(Store, OpenArtifacts, progress).RunAsync(runs, findings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives space that purged and rewritten data left in the store back to the disk. Writers wait meanwhile, journals take what is logged. Interrupted at any instant it has either happened or not.</summary>
    /// <param name="cancellationToken">Ends the wait for writers; what has begun is finished.</param>
    /// <returns>What it won.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Maintenance"/>.</exception>
    /// <exception cref="TrackingStoreException">The disk has no room for the copy that it takes, or another process did not let go in time; nothing has changed.</exception>
    public async ValueTask<CompactResult> CompactAsync(CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return await Store.CompactAsync(cancellationToken).ConfigureAwait(false);
    }

    private async IAsyncEnumerable<RunInfo> FindRunsAsync(PurgeOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (options.Runs is { } ids)
        {
            foreach (RunId id in ids.Distinct())
            {
                if ((await Store.FindRunAsync(id, cancellationToken).ConfigureAwait(false))?.Info is { } run)
                    yield return run;
            }

            yield break;
        }

        RunQuery query = new() { Experiments = options.Experiments, Lifecycle = Lifecycle.Deleted, Fields = RunFields.None };
        await foreach (RunDetails run in Store.FindRunsAsync(query, cancellationToken).ConfigureAwait(false))
            yield return run.Info;
    }

    private RunPurge NewPurge(PurgeOptions options, IProgress<UpkeepProgress>? progress) =>
        new(Store, OpenArtifacts, (run, cancellationToken) => FindUseAsync(run, options.DryRun, cancellationToken), options, progress);

    private bool IsOpen(RunId id) => _handles.Keys.Any(run => run.Id == id);

    private async ValueTask<string?> FindUseAsync(RunInfo run, bool dryRun, CancellationToken cancellationToken)
    {
        if (IsOpen(run.Id))
            return "It is open in this program. End it, and purge again.";
        if (run.Status != RunStatus.Running || !Store.Capabilities.HasFlag(StoreCapabilities.Leases))
            return null;
        if (dryRun)
            return "It is running. A purge leaves it alone while its process lives.";
        try
        {
            // Its purge ends the lease at once.
            await TakeLeaseAsync(run.Id, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (RunInUseException inUse)
        {
            return inUse.Message;
        }
        catch (RunNotFoundException)
        {
            // Another purge was faster.
            return null;
        }
    }
}
