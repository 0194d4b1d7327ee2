using System.Collections.Immutable;
using System.Globalization;

namespace MLOps.Tracking.Storage;

/// <summary>All that the in-memory store holds at one moment. Changes make a new one, so that readers see whole batches and a refused batch leaves nothing.</summary>
internal sealed record InMemoryState(string ArtifactRoot)
{
    public ImmutableList<Experiment> Experiments { get; init; } = [];

    /// <summary>Ids count from 0; that of a purged experiment is not given again.</summary>
    public int NextExperiment { get; init; }

    public ImmutableDictionary<RunId, InMemoryRun> Runs { get; init; } = ImmutableDictionary<RunId, InMemoryRun>.Empty;

    /// <summary>Runs whose purge has begun and not ended; no other member knows them.</summary>
    public ImmutableDictionary<RunId, InMemoryRun> Purging { get; init; } = ImmutableDictionary<RunId, InMemoryRun>.Empty;

    /// <summary>The ids of runs whose purge has begun or ended.</summary>
    public ImmutableHashSet<RunId> Purged { get; init; } = [];

    public ImmutableDictionary<Guid, long> Cursors { get; init; } = ImmutableDictionary<Guid, long>.Empty;

    /// <summary>A dataset is what was first logged under its name and digest in its experiment.</summary>
    public ImmutableDictionary<(ExperimentId Experiment, string Name, string Digest), DatasetInput> Datasets { get; init; } =
        ImmutableDictionary<(ExperimentId, string, string), DatasetInput>.Empty;

    public Experiment? FindExperiment(ExperimentId id) => Experiments.Find(experiment => experiment.Id == id);

    public Experiment? FindExperiment(string name) => Experiments.Find(experiment => string.Equals(experiment.Name, name, StringComparison.Ordinal));

    public InMemoryState With(InMemoryRun run) => this with { Runs = Runs.SetItem(run.Id, run) };

    public InMemoryState WithNewExperiment(string name, string? artifactLocation, DateTimeOffset now)
    {
        string id = NextExperiment.ToString(CultureInfo.InvariantCulture);
        return this with
        {
            NextExperiment = NextExperiment + 1,
            Experiments = Experiments.Add(new Experiment
            {
                Id = new ExperimentId(id),
                Name = name,
                ArtifactLocation = artifactLocation ?? $"{ArtifactRoot}/{id}",
                CreatedAt = now,
                UpdatedAt = now,
            }),
        };
    }
}
