using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>One application of a retention policy.</summary>
/// <param name="store">The store.</param>
/// <param name="policy">The policy.</param>
/// <param name="isOpen">Whether a run is open in this process.</param>
/// <param name="now">The time by which ages are told.</param>
internal sealed class Retention(ITrackingStore store, RetentionPolicy policy, Func<RunId, bool> isOpen, DateTimeOffset now)
{
    private RunFields KeepTagsOnly => RunFields.None with { Tags = [.. policy.KeepTags.Keys.Append(WellKnownTags.RegisteredModels).Distinct(StringComparer.Ordinal)] };

    /// <summary>Finds the runs that go, the newest first.</summary>
    public async ValueTask<List<RunInfo>> FindDueAsync(CancellationToken cancellationToken)
    {
        List<RunInfo> due = [];
        Dictionary<ExperimentId, int> seen = [];
        RunQuery query = new() { ExperimentNames = policy.ExperimentNames, Filter = policy.Filter, Fields = KeepTagsOnly };
        await foreach (RunDetails run in store.FindRunsAsync(query, cancellationToken).ConfigureAwait(false))
        {
            // The newest come first.
            int newer = seen.GetValueOrDefault(run.Info.ExperimentId);
            seen[run.Info.ExperimentId] = newer + 1;
            if (newer >= (policy.KeepNewest ?? 0) && HasRunOut(run.Info) && !HasKeepTag(run) && !run.Tags.ContainsKey(WellKnownTags.RegisteredModels))
                due.Add(run.Info);
        }

        return await WithoutParentsOfKeptAsync(due, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes runs softly, unless they have been changed since they were found.</summary>
    /// <returns>Those that were deleted.</returns>
    public async ValueTask<List<RunId>> DeleteAsync(List<RunInfo> due, CancellationToken cancellationToken)
    {
        List<RunId> deleted = [];
        foreach (RunInfo run in due)
        {
            // Resumed since, perhaps: then it is in use, or has another end.
            if ((await store.FindRunAsync(run.Id, cancellationToken).ConfigureAwait(false))?.Info is not { Lifecycle: Lifecycle.Active } present || !HasRunOut(present))
                continue;
            await store.SetRunLifecycleAsync(run.Id, Lifecycle.Deleted, cancellationToken).ConfigureAwait(false);
            deleted.Add(run.Id);
        }

        return deleted;
    }

    /// <summary>Finds softly deleted runs that have waited long enough to be purged.</summary>
    public async ValueTask<List<RunInfo>> FindPurgeableRunsAsync(TimeSpan after, CancellationToken cancellationToken)
    {
        List<RunInfo> purgeable = [];
        RunQuery query = new() { Lifecycle = Lifecycle.Deleted, ExperimentNames = policy.ExperimentNames, Filter = policy.Filter, Fields = KeepTagsOnly };
        await foreach (RunDetails run in store.FindRunsAsync(query, cancellationToken).ConfigureAwait(false))
        {
            if (HasWaited(run.Info.DeletedAt, after) && !HasKeepTag(run))
                purgeable.Add(run.Info);
        }

        return purgeable;
    }

    /// <summary>Finds softly deleted experiments that have waited long enough to be purged.</summary>
    public async ValueTask<List<Experiment>> FindPurgeableExperimentsAsync(TimeSpan after, CancellationToken cancellationToken)
    {
        List<Experiment> purgeable = [];
        await foreach (Experiment experiment in store.FindExperimentsAsync(new ExperimentQuery { Lifecycle = Lifecycle.Deleted }, cancellationToken).ConfigureAwait(false))
        {
            // A deleted experiment takes no other change.
            if (HasWaited(experiment.UpdatedAt, after) && (policy.ExperimentNames?.Contains(experiment.Name, StringComparer.Ordinal) ?? true))
                purgeable.Add(experiment);
        }

        return purgeable;
    }

    // What was deleted a moment ago, by the store's clock, may lie in the future of ours.
    private bool HasWaited(DateTimeOffset? since, TimeSpan after) => after == TimeSpan.Zero || now - since >= after;

    private bool HasRunOut(RunInfo run) =>
        run.Status is RunStatus.Finished or RunStatus.Failed or RunStatus.Killed
        && (policy.MaxAge is not { } age || now - (run.EndedAt ?? run.StartedAt) > age)
        && !isOpen(run.Id);

    private bool HasKeepTag(RunDetails run) =>
        policy.KeepTags.Any(keep => run.Tags.TryGetValue(keep.Key, out string? value) && (keep.Value is null || keep.Value == value));

    private async ValueTask<List<RunInfo>> WithoutParentsOfKeptAsync(List<RunInfo> due, CancellationToken cancellationToken)
    {
        Dictionary<RunId, RunInfo> going = due.ToDictionary(run => run.Id);
        foreach (RunInfo run in due)
        {
            RunQuery children = new() { Parent = run.Id, Fields = RunFields.None };
            await foreach (RunDetails child in store.FindRunsAsync(children, cancellationToken).ConfigureAwait(false))
            {
                if (going.ContainsKey(child.Info.Id))
                    continue;

                // All above it stay with it.
                for (RunInfo? kept = run; kept is not null; kept = kept.Parent is { } parent ? going.GetValueOrDefault(parent) : null)
                    going.Remove(kept.Id);
                break;
            }
        }

        return due.FindAll(run => going.ContainsKey(run.Id));
    }
}
