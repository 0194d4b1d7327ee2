using System.Runtime.CompilerServices;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <content>Questions over many runs.</content>
public sealed partial class Tracker
{
    /// <summary>Finds runs, page by page as they are asked for. Waits first for what this tracker accepted before.</summary>
    /// <param name="query">Which runs, in which order, and what to read of them.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The runs; take the first ten with <c>Take(10)</c>, and no more than a page is read.</returns>
    /// <exception cref="ArgumentException">The filter or the order names what runs do not have, or a field twice.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async IAsyncEnumerable<RunDetails> FindRunsAsync(RunQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await foreach (RunDetails run in Store.FindRunsAsync(query, cancellationToken).ConfigureAwait(false))
            yield return run;
    }

    /// <summary>Finds one page of runs, for callers that hand pages on. Waits first for what this tracker accepted before.</summary>
    /// <param name="query">Which runs, in which order, and what to read of them.</param>
    /// <param name="page">Which part of the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The page, with the token of the next.</returns>
    /// <exception cref="InvalidPageTokenException">The token is damaged or belongs to another query.</exception>
    /// <exception cref="ArgumentException">The filter or the order names what runs do not have, or a field twice; or the page's size is out of range.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<Page<RunDetails>> FindRunPageAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(page);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return await Store.FindRunsAsync(query, page, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds experiments, page by page as they are asked for. Waits first for what this tracker accepted before.</summary>
    /// <param name="query">Which experiments, in which order; null finds those that are in use, newest first.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The experiments.</returns>
    /// <exception cref="ArgumentException">The filter or the order names what experiments do not have, or a field twice.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async IAsyncEnumerable<Experiment> FindExperimentsAsync(ExperimentQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await foreach (Experiment experiment in Store.FindExperimentsAsync(query ?? new ExperimentQuery(), cancellationToken).ConfigureAwait(false))
            yield return experiment;
    }

    /// <summary>Reads a whole series. Waits first for what this tracker accepted before.</summary>
    /// <param name="id">The run.</param>
    /// <param name="key">The metric.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The points in order; none when the run has no such metric.</returns>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<MetricSeries> GetSeriesAsync(RunId id, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        MetricSeries series = await Store.GetSeriesAsync(id, key, cancellationToken).ConfigureAwait(false);
        if (series.Points.Count == 0 && await Store.FindRunAsync(id, cancellationToken).ConfigureAwait(false) is null)
            throw new RunNotFoundException(id);
        return series;
    }

    /// <summary>Reads series of several runs and metrics, whole or reduced. Waits first for what this tracker accepted before.</summary>
    /// <param name="query">Which series, and how much of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>One series for each run and key, runs in the order of the query and within a run the keys in theirs; without points when the run or the metric does not exist.</returns>
    /// <exception cref="ArgumentException">There is no run or key, one twice, or <see cref="SeriesQuery.MaxPoints"/> is too small.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return await Store.GetSeriesAsync(query, cancellationToken).ConfigureAwait(false);
    }
}
