using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <content>Names, tags, deletion, purge and upkeep.</content>
public sealed partial class Tracker
{
    /// <summary>Deletes a run softly. Doing it twice is no error.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
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
    public async ValueTask RestoreRunAsync(RunId id, CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await Store.SetRunLifecycleAsync(id, Lifecycle.Active, cancellationToken).ConfigureAwait(false);
    }
}
