using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;

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

    /// <summary>Finds experiments.</summary>
    /// <param name="query">Which experiments, in which order.</param>
    /// <param name="page">Which part of the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The experiments of the page. Those that were there all the while and whose place in the order did not change come once in the pages of an answer, whatever is added or deleted meanwhile.</returns>
    /// <exception cref="InvalidPageTokenException">The token is damaged or belongs to another query.</exception>
    /// <exception cref="ArgumentException">The filter or the order names what experiments do not have, or a field twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page's size is out of range.</exception>
    ValueTask<Page<Experiment>> FindExperimentsAsync(ExperimentQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Makes an experiment. Its id is the store's next number.</summary>
    /// <param name="name">1 to 500 characters.</param>
    /// <param name="artifactLocation">Where artifacts of runs created over MLflow's routes go; null lets the store decide.</param>
    /// <param name="tags">Its tags to begin with, by the rules of <see cref="SetExperimentTagAsync"/>; a store without <see cref="StoreCapabilities.AtomicBatch"/> may be cut off before it has set them all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new experiment.</returns>
    /// <exception cref="ArgumentException">The name or a tag is not legal.</exception>
    /// <exception cref="ExperimentExistsException">The name is taken, perhaps by a deleted experiment.</exception>
    ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken);

    /// <summary>Gives an experiment another name.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="name">1 to 500 characters. Its present name changes nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    /// <exception cref="ExperimentExistsException">Another experiment, perhaps a deleted one, has the name.</exception>
    ValueTask RenameExperimentAsync(ExperimentId id, string name, CancellationToken cancellationToken);

    /// <summary>Sets a tag of an experiment; the last value wins.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="key">A key that <see cref="Limits.CheckKey"/> accepts.</param>
    /// <param name="value">Up to 5,000 characters; may be empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    ValueTask SetExperimentTagAsync(ExperimentId id, string key, string value, CancellationToken cancellationToken);

    /// <summary>Deletes a tag of an experiment.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was such a tag.</returns>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    ValueTask<bool> DeleteExperimentTagAsync(ExperimentId id, string key, CancellationToken cancellationToken);

    /// <summary>Deletes an experiment softly, or restores it; its runs and logged models go with it.</summary>
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
    /// <exception cref="RunPurgedException">The run was purged, or its purge has begun.</exception>
    ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken);

    /// <summary>Finds a run with its params, tags, latest metrics, datasets and logged models.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The run, also when it is deleted; null when there is none.</returns>
    ValueTask<RunDetails?> FindRunAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Finds runs. No answer reads points: a metric's latest value is kept beside its series.</summary>
    /// <param name="query">Which runs, in which order, and what to read of them.</param>
    /// <param name="page">Which part of the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The runs of the page. Those that were there all the while and whose place in the order did not change come once in the pages of an answer, whatever is added or deleted meanwhile.</returns>
    /// <exception cref="InvalidPageTokenException">The token is damaged or belongs to another query.</exception>
    /// <exception cref="ArgumentException">The filter or the order names what runs do not have, or a field twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page's size is out of range.</exception>
    ValueTask<Page<RunDetails>> FindRunsAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Reads series, whole or reduced.</summary>
    /// <param name="query">Which series, and how much of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>One series for each run and key, runs in the order of the query and within a run the keys in theirs; without points when the run or the metric does not exist.</returns>
    /// <exception cref="ArgumentException">There is no run or key, one twice, or <see cref="SeriesQuery.MaxPoints"/> is too small.</exception>
    ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken);

    /// <summary>Finds the datasets that runs of experiments used, each once for each purpose.</summary>
    /// <param name="experiments">The experiments, at least one. Runs that are deleted count as well.</param>
    /// <param name="limit">The most to give, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The datasets in the order of the experiments, and within one by name, digest and role, by Unicode code point and what has no role first.</returns>
    /// <exception cref="ArgumentException">There is no experiment, or the limit is not positive.</exception>
    ValueTask<IReadOnlyList<DatasetSummary>> FindDatasetsAsync(IReadOnlyList<ExperimentId> experiments, int limit, CancellationToken cancellationToken);

    /// <summary>Makes a logged model.</summary>
    /// <param name="model">What it is to be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model, pending. When there is one with the id already, that one as it is.</returns>
    /// <exception cref="ArgumentException">A name, key or value is not legal.</exception>
    /// <exception cref="ExperimentNotFoundException">There is no such experiment.</exception>
    /// <exception cref="ExperimentDeletedException">It is deleted.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.LoggedModels"/>.</exception>
    ValueTask<LoggedModel> CreateLoggedModelAsync(NewLoggedModel model, CancellationToken cancellationToken) => throw TrackingStoreExtensions.Lacks(this, StoreCapabilities.LoggedModels);

    /// <summary>Finds a logged model.</summary>
    /// <param name="id">The model.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model, also when it is deleted; null when there is none.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.LoggedModels"/>.</exception>
    ValueTask<LoggedModel?> FindLoggedModelAsync(LoggedModelId id, CancellationToken cancellationToken) => throw TrackingStoreExtensions.Lacks(this, StoreCapabilities.LoggedModels);

    /// <summary>Finds logged models.</summary>
    /// <param name="query">Which models, in which order.</param>
    /// <param name="page">Which part of the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The models of the page. Those that were there all the while and whose place in the order did not change come once in the pages of an answer.</returns>
    /// <exception cref="InvalidPageTokenException">The token is damaged or belongs to another query.</exception>
    /// <exception cref="ArgumentException">There is no experiment, or the filter or the order names what logged models do not have, or a field twice.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.LoggedModels"/>.</exception>
    ValueTask<Page<LoggedModel>> FindLoggedModelsAsync(LoggedModelQuery query, PageRequest page, CancellationToken cancellationToken) => throw TrackingStoreExtensions.Lacks(this, StoreCapabilities.LoggedModels);

    /// <summary>Changes a logged model in one transaction.</summary>
    /// <param name="id">The model. One that is deleted can be restored and nothing else.</param>
    /// <param name="change">What to change.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model as it is then.</returns>
    /// <exception cref="ArgumentException">A key or value is not legal.</exception>
    /// <exception cref="LoggedModelNotFoundException">There is no such model, or it is deleted.</exception>
    /// <exception cref="LoggedModelParamChangedException">A param is there already.</exception>
    /// <exception cref="LoggedModelTagNotFoundException">A tag to delete is not there.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.LoggedModels"/>.</exception>
    ValueTask<LoggedModel> ChangeLoggedModelAsync(LoggedModelId id, LoggedModelChange change, CancellationToken cancellationToken) => throw TrackingStoreExtensions.Lacks(this, StoreCapabilities.LoggedModels);

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

    /// <summary>
    /// Begins to purge runs for good: in one commit they go out of sight, cannot be restored or written to any more, and their ids are never taken again.
    /// What they hold stays until <see cref="EndPurgeAsync"/>, so that a purge that was interrupted is found and ended.
    /// </summary>
    /// <param name="runs">The runs. Those that are not softly deleted, and those that the store does not have, are left alone.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The runs whose purge has begun, now or before.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Purge"/>.</exception>
    ValueTask<IReadOnlyList<RunInfo>> BeginPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken);

    /// <summary>Finds runs whose purge has begun and not ended.</summary>
    /// <param name="limit">The most runs to give, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The runs.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Purge"/>.</exception>
    ValueTask<IReadOnlyList<RunInfo>> FindPurgingAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Removes all that the store holds of runs whose purge has begun, what they measured of logged models too, but for the mark that keeps them from coming back. Others, and those already removed, are left alone.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is committed.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Purge"/>.</exception>
    ValueTask EndPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken);

    /// <summary>Removes an experiment that is softly deleted and has no runs, for good, with its logged models and what runs of other experiments measured of these. Its name is free again, its id is not.</summary>
    /// <param name="id">The experiment.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it is gone; false when it is not deleted or still has runs.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Purge"/>.</exception>
    ValueTask<bool> PurgeExperimentAsync(ExperimentId id, CancellationToken cancellationToken);

    /// <summary>Looks for damage in what the store itself keeps; artifacts are not the store's. Writers go on meanwhile.</summary>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>What was found, as it is found; nothing when all is well.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Maintenance"/>.</exception>
    IAsyncEnumerable<StoreFinding> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Gives space that is no longer used back to the disk. Writers wait meanwhile; interrupted at any instant it has either happened or not.</summary>
    /// <param name="cancellationToken">Ends the wait for writers; what has begun is finished.</param>
    /// <returns>What it won.</returns>
    /// <exception cref="NotSupportedException">The store lacks <see cref="StoreCapabilities.Maintenance"/>.</exception>
    /// <exception cref="TrackingStoreException">The disk has no room for the copy that it takes, or another process did not let go in time; nothing has changed.</exception>
    ValueTask<CompactResult> CompactAsync(CancellationToken cancellationToken);

    /// <summary>Makes what has been committed survive a power loss.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is so.</returns>
    ValueTask SyncAsync(CancellationToken cancellationToken);
}
