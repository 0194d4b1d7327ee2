using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <content>Names, tags and deletion, from outside of a run.</content>
public sealed partial class Tracker
{
    /// <summary>Gives an experiment another name.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="name">1 to 500 characters. Its present name changes nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    /// <exception cref="ExperimentExistsException">Another experiment, perhaps a deleted one, has the name.</exception>
    public async ValueTask RenameExperimentAsync(ExperimentId id, string name, CancellationToken cancellationToken = default)
    {
        Limits.CheckExperimentName(name, nameof(name));
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.RenameExperimentAsync(id, name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets a tag of an experiment; the last value wins.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces; a plain relative path where it has slashes.</param>
    /// <param name="value">Up to 5,000 characters; may be empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ArgumentException">The key or the value is not legal.</exception>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    public async ValueTask SetExperimentTagAsync(ExperimentId id, string key, string value, CancellationToken cancellationToken = default)
    {
        Limits.CheckKey(key);
        Limits.CheckValue(value, Limits.ExperimentTagValueLength, "The value of an experiment's tag", nameof(value));
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.SetExperimentTagAsync(id, key, value, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a tag of an experiment.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="key">The tag.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was such a tag.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    public async ValueTask<bool> DeleteExperimentTagAsync(ExperimentId id, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return await Store.DeleteExperimentTagAsync(id, key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes an experiment softly, and all its runs with it. Doing it twice is no error.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    public async ValueTask DeleteExperimentAsync(ExperimentId id, CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.SetExperimentLifecycleAsync(id, Lifecycle.Deleted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Restores a softly deleted experiment and all its runs, as MLflow does: also those that had been deleted before it was. Doing it twice is no error.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment, or it was purged.</exception>
    public async ValueTask RestoreExperimentAsync(ExperimentId id, CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.SetExperimentLifecycleAsync(id, Lifecycle.Active, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a run another name; its tag <c>mlflow.runName</c> follows. The run may be one of another process.</summary>
    /// <param name="id">The run.</param>
    /// <param name="name">Up to 8,000 characters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ArgumentException">The name is too long.</exception>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="RunDeletedException">It is softly deleted.</exception>
    /// <exception cref="RunPurgedException">It was purged, or its purge has begun.</exception>
    public async ValueTask RenameRunAsync(RunId id, string name, CancellationToken cancellationToken = default)
    {
        Limits.CheckValue(name, Limits.TagValueLength, "A run's name", nameof(name));
        if (await ChangeAsync(new TrackingRecord.RunUpdated(id) { Name = name }, cancellationToken).ConfigureAwait(false) is { } refused)
            throw ErrorOf(refused, id);
    }

    /// <summary>Sets a tag of a run, which may be one that has ended or one of another process; the last value wins. For a run that is open here, <see cref="Run.SetTag"/> keeps the order of what is logged.</summary>
    /// <param name="id">The run.</param>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces; a plain relative path where it has slashes. Tag <c>mlflow.runName</c> renames the run.</param>
    /// <param name="value">Up to 8,000 characters; may be empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ArgumentException">The key or the value is not legal.</exception>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="RunDeletedException">It is softly deleted.</exception>
    /// <exception cref="RunPurgedException">It was purged, or its purge has begun.</exception>
    public async ValueTask SetTagAsync(RunId id, string key, string value, CancellationToken cancellationToken = default)
    {
        Limits.CheckKey(key);
        Limits.CheckValue(value, Limits.TagValueLength, "A tag's value", nameof(value));
        if (await ChangeAsync(new TrackingRecord.TagSet(id, key, value), cancellationToken).ConfigureAwait(false) is { } refused)
            throw ErrorOf(refused, id);
    }

    /// <summary>Deletes a tag of a run, which may be one that has ended or one of another process.</summary>
    /// <param name="id">The run.</param>
    /// <param name="key">The tag.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was such a tag.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="RunDeletedException">It is softly deleted.</exception>
    /// <exception cref="RunPurgedException">It was purged, or its purge has begun.</exception>
    public async ValueTask<bool> DeleteTagAsync(RunId id, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return await ChangeAsync(new TrackingRecord.TagDeleted(id, key), cancellationToken).ConfigureAwait(false) switch
        {
            null => true,
            { Reason: RejectionReason.UnknownTag } => false,
            var refused => throw ErrorOf(refused, id),
        };
    }

    /// <summary>Deletes a run softly. Doing it twice is no error.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="RunPurgedException">It was purged, or its purge has begun.</exception>
    public async ValueTask DeleteRunAsync(RunId id, CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.SetRunLifecycleAsync(id, Lifecycle.Deleted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Restores a softly deleted run. Doing it twice is no error.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="RunPurgedException">It was purged, or its purge has begun: it cannot be brought back.</exception>
    public async ValueTask RestoreRunAsync(RunId id, CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.SetRunLifecycleAsync(id, Lifecycle.Active, cancellationToken).ConfigureAwait(false);
    }

    private static Exception ErrorOf(Rejection refused, RunId id) => refused.Reason switch
    {
        RejectionReason.UnknownRun => new RunNotFoundException(id),
        RejectionReason.RunDeleted => new RunDeletedException(id),
        RejectionReason.RunPurged => new RunPurgedException(id),
        RejectionReason.Invalid => new ArgumentException(refused.Message, nameof(id)),
        _ => new MLOpsException(refused.Message),
    };

    /// <summary>Writes past the journal, behind what was accepted before.</summary>
    /// <returns>Why it was refused; null when it is committed.</returns>
    private async ValueTask<Rejection?> ChangeAsync(TrackingRecord record, CancellationToken cancellationToken)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        AppendResult result = await Store.AppendAsync(new RecordBatch { Records = [record] }, cancellationToken).ConfigureAwait(false);
        return result.Rejections is [var refused, ..] ? refused : null;
    }
}
