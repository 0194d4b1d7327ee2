using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <content>Names, tags, deletion and purge.</content>
public sealed partial class SqliteTrackingStore
{
    // No writer waits longer than for one transaction of a purge; the pause is longer than that of another process between its tries for the lock, so that it gets its turn.
    private static readonly TimeSpan PurgeSlice = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PurgePause = TimeSpan.FromMilliseconds(6);

    /// <inheritdoc/>
    public ValueTask RenameExperimentAsync(ExperimentId id, string name, CancellationToken cancellationToken)
    {
        CheckName(name);
        return WriteAsync(session => session.Experiments.Rename(id, name, NowMs), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask SetExperimentTagAsync(ExperimentId id, string key, string value, CancellationToken cancellationToken)
    {
        CheckTag(key, value);
        return WriteAsync(session => session.Experiments.SetTag(id, key, value, NowMs), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteExperimentTagAsync(ExperimentId id, string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return WriteAsync(session => session.Experiments.DeleteTag(id, key, NowMs), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken) =>
        WriteAsync(
            session =>
            {
                session.Experiments.SetLifecycle(id, lifecycle, NowMs);
                session.ForgetRuns();
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken) =>
        WriteAsync(
            session =>
            {
                if (session.Runs.IsPurged(id))
                    throw new RunPurgedException(id);
                session.Runs.SetLifecycle(session.Runs.Get(id), lifecycle, NowMs);
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunInfo>> BeginPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runs);
        return WriteAsync<IReadOnlyList<RunInfo>>(
            session =>
            {
                List<RunInfo> begun = session.Purges.Begin(runs);
                session.ForgetRuns();
                return begun;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunInfo>> FindPurgingAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<RunInfo>>(session => session.Purges.Find(limit), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Rows are removed in many short transactions, between which other writers have their turn. Interrupted, the call is made again with the same runs.</remarks>
    public async ValueTask EndPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runs);
        int next = 0;
        while (next < runs.Count)
        {
            next = await WriteAsync(
                session =>
                {
                    int first = session.Purges.Remove(runs, next, PurgeSlice);
                    // Numbers of removed runs and series are given out again.
                    session.ForgetRuns();
                    return first;
                },
                cancellationToken).ConfigureAwait(false);
            if (next < runs.Count)
                await Task.Delay(PurgePause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> PurgeExperimentAsync(ExperimentId id, CancellationToken cancellationToken) =>
        WriteAsync(
            session =>
            {
                bool isGone = session.Experiments.Purge(id);
                session.ForgetRuns();
                return isGone;
            },
            cancellationToken);

    private static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > Limits.ExperimentNameLength)
            throw new ArgumentException($"An experiment's name has 1 to {Limits.ExperimentNameLength} characters; this one has {name.Length}.", nameof(name));
    }

    private static void CheckTag(string key, string value)
    {
        Limits.CheckKey(key);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length > Limits.ExperimentTagValueLength)
            throw new ArgumentException($"The value of an experiment's tag has at most {Limits.ExperimentTagValueLength} characters; this one has {value.Length}.", nameof(value));
    }

    private async ValueTask WriteAsync(Action<Connections.Session> work, CancellationToken cancellationToken) =>
        await WriteAsync(
            session =>
            {
                work(session);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
}
