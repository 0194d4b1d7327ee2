using System.Collections.Immutable;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Tracking.Storage;

/// <summary>One logged model of the in-memory store at one moment.</summary>
/// <param name="Facts">All that is known of it but its metrics.</param>
internal sealed record InMemoryLoggedModel(LoggedModel Facts)
{
    /// <summary>What each run measured of it, on which dataset.</summary>
    public ImmutableDictionary<(string Key, RunId Run, string? DatasetName, string? DatasetDigest), InMemorySeries> Series { get; init; } =
        ImmutableDictionary<(string, RunId, string?, string?), InMemorySeries>.Empty;

    public LoggedModelId Id => Facts.Id;

    public bool IsInUse => Facts.Lifecycle == Lifecycle.Active;

    public static InMemoryLoggedModel Create(NewLoggedModel model, Experiment experiment, DateTimeOffset now) => new(new LoggedModel
    {
        Id = model.Id,
        ExperimentId = experiment.Id,
        Name = model.Name,
        ModelType = model.ModelType,
        SourceRunId = model.SourceRunId,
        Status = LoggedModelStatus.Pending,
        CreatedAt = now,
        UpdatedAt = now,
        ArtifactLocation = model.ArtifactLocation ?? $"{experiment.ArtifactLocation.TrimEnd('/')}/models/{model.Id}/artifacts",
        Params = ImmutableDictionary.CreateRange(StringComparer.Ordinal, model.Params),
        Tags = ImmutableDictionary.CreateRange(StringComparer.Ordinal, model.Tags),
    });

    /// <summary>The model deleted softly, or restored.</summary>
    public InMemoryLoggedModel Brought(Lifecycle lifecycle, DateTimeOffset now) =>
        lifecycle == Facts.Lifecycle ? this : this with { Facts = Facts with { Lifecycle = lifecycle, UpdatedAt = now } };

    public InMemoryLoggedModel Change(LoggedModelChange change, DateTimeOffset now)
    {
        if (change.IsOfLifecycleAlone)
            return Brought(change.Lifecycle!.Value, now);
        if (!IsInUse)
            throw new LoggedModelNotFoundException(Id);
        return this with
        {
            Facts = Facts with
            {
                Status = change.Status ?? Facts.Status,
                StatusMessage = change.StatusMessage ?? Facts.StatusMessage,
                Params = Added(change.AddedParams),
                Tags = Changed(change),
                Lifecycle = change.Lifecycle ?? Facts.Lifecycle,
                UpdatedAt = now,
            },
        };
    }

    public InMemoryLoggedModel Measured(TrackingRecord.PointsLogged points)
    {
        var key = (points.Key, points.RunId, points.DatasetName, points.DatasetDigest);
        return InMemorySeries.Append(Series.GetValueOrDefault(key), points.Points.Span) is { } series ? this with { Series = Series.SetItem(key, series) } : this;
    }

    /// <summary>The model as callers see it, without what runs measured that are out of sight.</summary>
    public LoggedModel Read(InMemoryState state) => Facts with
    {
        Metrics =
        [
            .. Series.Where(series => state.Runs.ContainsKey(series.Key.Run))
                .OrderBy(series => series.Key.Key, StringComparer.Ordinal).ThenBy(series => series.Key.Run.Value, StringComparer.Ordinal)
                .ThenBy(series => series.Key.DatasetName, StringComparer.Ordinal).ThenBy(series => series.Key.DatasetDigest, StringComparer.Ordinal)
                .Select(series => new LoggedModelMetric(series.Key.Key, series.Value.Latest, series.Key.Run, series.Key.DatasetName, series.Key.DatasetDigest)),
        ],
    };

    private ImmutableDictionary<string, string> Added(IReadOnlyDictionary<string, string> added)
    {
        var all = ImmutableDictionary.CreateRange(StringComparer.Ordinal, Facts.Params);
        foreach ((string key, string value) in added)
            all = all.ContainsKey(key) ? throw new LoggedModelParamChangedException(Id, key) : all.Add(key, value);
        return all;
    }

    private ImmutableDictionary<string, string> Changed(LoggedModelChange change)
    {
        var all = ImmutableDictionary.CreateRange(StringComparer.Ordinal, Facts.Tags);
        foreach (string key in change.DeletedTags)
        {
            if (!all.ContainsKey(key))
                throw new LoggedModelTagNotFoundException(Id, key);
            all = all.Remove(key);
        }

        return all.SetItems(change.SetTags);
    }
}
