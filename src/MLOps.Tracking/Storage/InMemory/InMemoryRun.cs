using System.Collections.Immutable;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Tracking.Storage;

/// <summary>One run of the in-memory store at one moment.</summary>
internal sealed record InMemoryRun
{
    public const string NameTag = "mlflow.runName";
    public const string ParentTag = "mlflow.parentRunId";

    public required RunId Id { get; init; }

    public required ExperimentId ExperimentId { get; init; }

    public required string Name { get; init; }

    public required RunStatus Status { get; init; }

    public required long StartedAtMs { get; init; }

    public long? EndedAtMs { get; init; }

    /// <summary>The latest time that a record of this run speaks of.</summary>
    public required long LastRecordMs { get; init; }

    public required string User { get; init; }

    public required string ArtifactLocation { get; init; }

    public Lifecycle Lifecycle { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    public InMemoryLease? Lease { get; init; }

    public ImmutableDictionary<string, string> Params { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableDictionary<string, string> Tags { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableDictionary<string, InMemorySeries> Series { get; init; } = ImmutableDictionary.Create<string, InMemorySeries>(StringComparer.Ordinal);

    public ImmutableList<InMemoryInput> Datasets { get; init; } = [];

    public ImmutableList<LoggedModelId> ModelInputs { get; init; } = [];

    public ImmutableList<LoggedModelOutput> ModelOutputs { get; init; } = [];

    public RunId? Parent => Tags.TryGetValue(ParentTag, out string? parent) && RunId.TryParse(parent, out RunId id) ? id : null;

    public InMemoryRun Rename(string name) => this with { Name = name, Tags = Tags.SetItem(NameTag, name) };

    /// <summary>The run deleted softly, or restored. One that is deleted already keeps the time at which it was.</summary>
    public InMemoryRun Brought(Lifecycle lifecycle, DateTimeOffset now) =>
        lifecycle == Lifecycle ? this : this with { Lifecycle = lifecycle, DeletedAt = lifecycle == Lifecycle.Deleted ? now : null };

    /// <summary>The run without links to logged models that are gone.</summary>
    public InMemoryRun Without(IReadOnlyList<LoggedModelId> models) =>
        this with { ModelInputs = ModelInputs.RemoveAll(models.Contains), ModelOutputs = ModelOutputs.RemoveAll(output => models.Contains(output.Id)) };

    public bool IsHeldByOther(LeaseOwner owner, DateTimeOffset now) => Lease is { } lease && lease.Owner.Journal != owner.Journal && lease.Until > now;

    /// <summary>The run as killed at the last sign of life of its owner, which no record's clock can put into the future.</summary>
    public InMemoryRun Killed(DateTimeOffset now)
    {
        long lastSign = Math.Max(LastRecordMs, Lease?.RenewedAt?.ToUnixTimeMilliseconds() ?? 0);
        return this with { Status = RunStatus.Killed, EndedAtMs = Math.Max(StartedAtMs, Math.Min(lastSign, now.ToUnixTimeMilliseconds())) };
    }

    public RunDetails Read(DateTimeOffset now)
    {
        if (Status == RunStatus.Running && Lease is { } lease && lease.Until <= now)
            return Killed(now).Read(now);
        return new RunDetails
        {
            Info = new RunInfo
            {
                Id = Id,
                ExperimentId = ExperimentId,
                Name = Name,
                Status = Status,
                StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(StartedAtMs),
                EndedAt = EndedAtMs is { } ended ? DateTimeOffset.FromUnixTimeMilliseconds(ended) : null,
                Parent = Parent,
                User = User,
                ArtifactLocation = ArtifactLocation,
                Lifecycle = Lifecycle,
                DeletedAt = DeletedAt,
            },
            Params = Params,
            Tags = Tags,
            Metrics = Series.ToImmutableDictionary(series => series.Key, series => series.Value.Latest, StringComparer.Ordinal),
            Datasets = [.. Datasets.Select(input => input.Read())],
            ModelInputs = ModelInputs,
            ModelOutputs = ModelOutputs,
        };
    }
}
