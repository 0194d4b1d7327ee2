namespace MLOps.Tracking.Storage;

/// <summary>Where experiments and runs are kept: batches in, questions out. A back end implements this and nothing else.</summary>
/// <remarks>
/// All members may be called from any thread at once. A store that cannot be reached raises <see cref="TrackingStoreException"/> with
/// <see cref="TrackingStoreException.IsTransient"/> true; the caller tries again. A new back end is right when it passes the contract suite
/// in <c>tests/MLOps.Tracking.Contract</c>.
/// </remarks>
public interface ITrackingStore : IAsyncDisposable
{
    /// <summary>What this store can do beyond the core.</summary>
    StoreCapabilities Capabilities { get; }

    /// <summary>Opens the store as far as that goes without a server: makes it where absent, brings it to the present schema. Every other member does so by itself; this says early what stands in the way.</summary>
    /// <param name="cancellationToken">Ends the wait; a later call opens.</param>
    /// <returns>A task that ends when it is open.</returns>
    /// <exception cref="StoreVersionException">The store was written by a newer version; it was left untouched.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be opened.</exception>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Applies records in their order.</summary>
    /// <param name="batch">The records, where they come from, and what to do with those that are refused.</param>
    /// <param name="cancellationToken">Ends the wait; the batch is then applied whole or not at all where <see cref="StoreCapabilities.AtomicBatch"/> is stated.</param>
    /// <returns>What was refused; empty when all was applied.</returns>
    /// <exception cref="TrackingStoreException">The store could not be reached or refused the batch as a whole; nothing of it was applied where <see cref="StoreCapabilities.AtomicBatch"/> is stated.</exception>
    ValueTask<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken);

    /// <summary>How far a journal has been applied.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The <see cref="BatchSource.Cursor"/> of the last batch that was committed, or 0.</returns>
    ValueTask<long> GetCursorAsync(Guid journal, CancellationToken cancellationToken);

    /// <summary>Finds an experiment by id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The experiment, also when it is deleted; null when there is none.</returns>
    ValueTask<Experiment?> FindExperimentAsync(ExperimentId id, CancellationToken cancellationToken);

    /// <summary>Finds an experiment by name.</summary>
    /// <param name="name">The name, compared by ordinal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The experiment, also when it is deleted; null when there is none.</returns>
    ValueTask<Experiment?> FindExperimentAsync(string name, CancellationToken cancellationToken);

    /// <summary>All experiments, newest first.</summary>
    /// <param name="lifecycle">Only these; null gives all.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The experiments.</returns>
    IAsyncEnumerable<Experiment> FindExperimentsAsync(Lifecycle? lifecycle, CancellationToken cancellationToken);

    /// <summary>Makes an experiment. Its id is the store's next number.</summary>
    /// <param name="name">1 to 500 characters.</param>
    /// <param name="artifactLocation">Where artifacts of runs created over MLflow's routes go; null lets the store decide.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new experiment.</returns>
    /// <exception cref="ExperimentExistsException">The name is taken, perhaps by a deleted experiment.</exception>
    ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, CancellationToken cancellationToken);

    /// <summary>Deletes an experiment softly, or restores it; its runs go with it.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="lifecycle">The state to bring it to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken);

    /// <summary>Deletes a run softly, or restores it. Doing it twice is no error.</summary>
    /// <param name="id">The run.</param>
    /// <param name="lifecycle">The state to bring it to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken);

    /// <summary>Finds a run with its params, tags, latest metrics and datasets.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The run, also when it is deleted; null when there is none.</returns>
    ValueTask<RunDetails?> FindRunAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Finds runs, newest start first and then by id.</summary>
    /// <param name="query">Which runs.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The runs with their params, tags and latest metrics.</returns>
    IAsyncEnumerable<RunDetails> FindRunsAsync(RunQuery query, CancellationToken cancellationToken);

    /// <summary>Reads a whole series.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="key">The metric.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The points in order, equal points once; no points when the run or the metric does not exist.</returns>
    ValueTask<MetricSeries> GetSeriesAsync(RunId runId, string key, CancellationToken cancellationToken);

    /// <summary>Extends the leases of the runs that a journal owns. Runs that another journal has taken are left alone.</summary>
    /// <param name="owner">The journal and its process.</param>
    /// <param name="duration">How long from now, by the store's clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    ValueTask RenewLeasesAsync(LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Takes the lease of a run for a journal, unless another journal holds one that has not run out.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="owner">Who asks.</param>
    /// <param name="duration">How long from now, by the store's clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when the lease was taken; else who holds it.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    ValueTask<LeaseOwner?> TakeLeaseAsync(RunId runId, LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>
    /// Closes the account of a journal whose owner is gone and whose records have all been applied: each run leased to it that was never
    /// ended becomes Killed, ended when its lease was last taken or renewed by a call or at the latest time that its records speak of, whichever is later (but not after now);
    /// its leases and its cursor are removed. That a record is applied is no sign of life: a journal may be found days after its process died.
    /// </summary>
    /// <param name="journal">The journal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The runs that became Killed.</returns>
    ValueTask<IReadOnlyList<RunId>> CloseJournalAsync(Guid journal, CancellationToken cancellationToken);

    /// <summary>Makes what has been committed survive a power loss.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is so.</returns>
    ValueTask SyncAsync(CancellationToken cancellationToken);
}
