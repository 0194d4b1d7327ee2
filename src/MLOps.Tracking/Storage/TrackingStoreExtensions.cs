using System.Runtime.CompilerServices;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Storage;

/// <summary>Questions to a store in their short forms.</summary>
public static class TrackingStoreExtensions
{
    // Small at first: who wants ten does not pay for a thousand.
    private const int FirstPage = 100;
    private const int LaterPage = 1000;

    /// <summary>Finds all runs that a query finds, page by page, each page of one moment.</summary>
    /// <param name="store">The store.</param>
    /// <param name="query">Which runs, in which order, and what to read of them.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The runs.</returns>
    /// <exception cref="ArgumentException">The filter or the order names what runs do not have, or a field twice.</exception>
    public static async IAsyncEnumerable<RunDetails> FindRunsAsync(this ITrackingStore store, RunQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        PageRequest request = new() { Size = FirstPage };
        do
        {
            Page<RunDetails> page = await store.FindRunsAsync(query, request, cancellationToken).ConfigureAwait(false);
            foreach (RunDetails run in page.Items)
                yield return run;
            request = new PageRequest { Size = LaterPage, Token = page.NextToken };
        }
        while (request.Token is not null);
    }

    /// <summary>Finds all experiments that a query finds, page by page, each page of one moment.</summary>
    /// <param name="store">The store.</param>
    /// <param name="query">Which experiments, in which order.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The experiments.</returns>
    /// <exception cref="ArgumentException">The filter or the order names what experiments do not have, or a field twice.</exception>
    public static async IAsyncEnumerable<Experiment> FindExperimentsAsync(this ITrackingStore store, ExperimentQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        PageRequest request = new() { Size = FirstPage };
        do
        {
            Page<Experiment> page = await store.FindExperimentsAsync(query, request, cancellationToken).ConfigureAwait(false);
            foreach (Experiment experiment in page.Items)
                yield return experiment;
            request = new PageRequest { Size = LaterPage, Token = page.NextToken };
        }
        while (request.Token is not null);
    }

    /// <summary>Reads one whole series by step.</summary>
    /// <param name="store">The store.</param>
    /// <param name="runId">The run.</param>
    /// <param name="key">The metric.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The points in order, equal points once; no points when the run or the metric does not exist.</returns>
    public static async ValueTask<MetricSeries> GetSeriesAsync(this ITrackingStore store, RunId runId, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        return (await store.GetSeriesAsync(new SeriesQuery { Runs = [runId], Keys = [key] }, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Makes an experiment without tags.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">1 to 500 characters.</param>
    /// <param name="artifactLocation">Where artifacts of runs created over MLflow's routes go; null lets the store decide.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new experiment.</returns>
    /// <exception cref="ExperimentExistsException">The name is taken, perhaps by a deleted experiment.</exception>
    public static ValueTask<Experiment> CreateExperimentAsync(this ITrackingStore store, string name, string? artifactLocation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.CreateExperimentAsync(name, artifactLocation, System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty, cancellationToken);
    }

    /// <summary>Whether the purge of a run has begun or ended. A run that the store does not know yet is not purged.</summary>
    internal static async ValueTask<bool> IsPurgedAsync(this ITrackingStore store, RunId run, CancellationToken cancellationToken)
    {
        if (!store.Capabilities.HasFlag(StoreCapabilities.Purge) || await store.FindRunAsync(run, cancellationToken).ConfigureAwait(false) is not null)
            return false;

        // A change of nothing: what a store refuses it for tells a purged run from an unknown one.
        AppendResult answer = await store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunUpdated(run)] }, cancellationToken).ConfigureAwait(false);
        return answer.Rejections is [{ Reason: RejectionReason.RunPurged }];
    }

    internal static NotSupportedException Lacks(ITrackingStore store, StoreCapabilities capability) =>
        new($"{store.GetType().Name} lacks the capability {nameof(StoreCapabilities)}.{capability}. Ask Capabilities before, or use a store that has it.");
}
