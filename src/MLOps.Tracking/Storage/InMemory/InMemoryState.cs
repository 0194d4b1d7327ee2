using System.Collections.Immutable;
using System.Globalization;
using MLOps.Tracking.LoggedModels;

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

    public ImmutableDictionary<LoggedModelId, InMemoryLoggedModel> LoggedModels { get; init; } = ImmutableDictionary<LoggedModelId, InMemoryLoggedModel>.Empty;

    public Experiment? FindExperiment(ExperimentId id) => Experiments.Find(experiment => experiment.Id == id);

    public Experiment? FindExperiment(string name) => Experiments.Find(experiment => string.Equals(experiment.Name, name, StringComparison.Ordinal));

    public InMemoryState With(InMemoryRun run) => this with { Runs = Runs.SetItem(run.Id, run) };

    public InMemoryState With(InMemoryLoggedModel model) => this with { LoggedModels = LoggedModels.SetItem(model.Id, model) };

    /// <summary>The state without an experiment, its logged models, and what runs of others say of these.</summary>
    public InMemoryState Without(Experiment experiment)
    {
        LoggedModelId[] models = [.. LoggedModels.Values.Where(model => model.Facts.ExperimentId == experiment.Id).Select(model => model.Id)];
        return this with
        {
            Experiments = Experiments.Remove(experiment),
            LoggedModels = LoggedModels.RemoveRange(models),
            Runs = Runs.SetItems(Runs.Select(run => KeyValuePair.Create(run.Key, run.Value.Without(models)))),
        };
    }

    /// <summary>The state without what purged runs measured of logged models.</summary>
    public InMemoryState WithoutMeasurementsOf(IReadOnlyList<RunId> runs) => this with
    {
        LoggedModels = LoggedModels.SetItems(LoggedModels.Select(model =>
            KeyValuePair.Create(model.Key, model.Value with { Series = model.Value.Series.RemoveRange(model.Value.Series.Keys.Where(series => runs.Contains(series.Run))) }))),
    };

    public InMemoryState WithNewExperiment(string name, string? artifactLocation, DateTimeOffset now, IReadOnlyDictionary<string, string>? tags = null)
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
                Tags = tags is { Count: > 0 } ? tags.ToImmutableDictionary(StringComparer.Ordinal) : System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty,
            }),
        };
    }
}
