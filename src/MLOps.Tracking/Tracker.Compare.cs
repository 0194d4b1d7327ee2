using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <content>Runs side by side.</content>
public sealed partial class Tracker
{
    private const int MostCompared = 100;

    /// <summary>Puts runs side by side: their status and times, params, latest metrics with the best ones marked, and the tags, datasets and artifacts in which they differ. Waits first for what this tracker accepted before.</summary>
    /// <param name="runs">The runs, 2 to 100, each once; deleted ones, too.</param>
    /// <param name="options">What to look at, and which metrics are better when lower; the defaults when null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The comparison, a column for each run in the order of <paramref name="runs"/>.</returns>
    /// <exception cref="ArgumentException">There are fewer than 2 runs, more than 100, or one twice.</exception>
    /// <exception cref="RunNotFoundException">A run is not in the store.</exception>
    /// <exception cref="ArtifactStoreException">The store of a run's artifacts cannot be reached, or none here serves their location. <see cref="CompareOptions.Artifacts"/> leaves artifacts out.</exception>
    /// <exception cref="ArtifactCorruptException">A manifest of a run's artifacts cannot be read.</exception>
    /// <exception cref="TrackingStoreException">The store cannot be reached, or did not take what was accepted before within <see cref="TrackingOptions.ReadTimeout"/>.</exception>
    public async ValueTask<RunComparison> CompareRunsAsync(IReadOnlyList<RunId> runs, CompareOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count is < 2 or > MostCompared)
            throw new ArgumentException($"2 to {MostCompared} runs are compared; these are {runs.Count}.", nameof(runs));
        HashSet<RunId> seen = [];
        foreach (RunId id in runs)
        {
            if (!seen.Add(id))
                throw new ArgumentException($"Run '{id}' is named twice. Name each run once.", nameof(runs));
        }

        options ??= new CompareOptions();
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        List<RunDetails> details = [];
        foreach (RunId id in runs)
            details.Add(await Store.FindRunAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RunNotFoundException(id));
        Dictionary<ExperimentId, string> experiments = [];
        foreach (ExperimentId id in details.Select(run => run.Info.ExperimentId).Distinct())
            experiments[id] = (await Store.FindExperimentAsync(id, cancellationToken).ConfigureAwait(false))?.Name ?? "";
        List<IReadOnlyList<ArtifactFile>>? artifacts = options.Artifacts ? [] : null;
        if (artifacts is not null)
        {
            foreach (RunDetails run in details)
                artifacts.Add(await OpenArtifacts(run.Info).ListAsync(cancellationToken).ConfigureAwait(false));
        }

        return new RunComparer(details, options).Compare([.. details.Select(run => experiments[run.Info.ExperimentId])], artifacts);
    }
}
