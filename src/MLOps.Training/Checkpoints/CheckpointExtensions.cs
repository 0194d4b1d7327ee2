namespace MLOps.Training.Checkpoints;

/// <summary>Goes on from checkpoints.</summary>
public static class CheckpointExtensions
{
    /// <summary>Puts a trainer where the latest checkpoint was taken; the same program can so begin a training and go on with it.</summary>
    /// <param name="trainer">A trainer that does not run, with its callbacks.</param>
    /// <param name="store">Where the checkpoints are.</param>
    /// <param name="cancellationToken">Ends the reading, before anything is changed.</param>
    /// <returns>The checkpoint; null when there is none, and then the training begins at its beginning.</returns>
    /// <exception cref="CheckpointCorruptException">The latest is damaged. Nothing was changed. None is passed over silently: delete it, and call this again.</exception>
    /// <exception cref="CheckpointMismatchException">It belongs to another model, optimizer, seed, order of data or number of processes, or to a later version of this library.</exception>
    /// <exception cref="InvalidOperationException">The training runs.</exception>
    public static async Task<Checkpoint?> ResumeAsync(this Trainer trainer, CheckpointStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(store);
        Checkpoint? latest = await store.FindLatestAsync(cancellationToken).ConfigureAwait(false);
        if (latest is not null)
            await latest.RestoreAsync(trainer, cancellationToken).ConfigureAwait(false);
        return latest;
    }
}
