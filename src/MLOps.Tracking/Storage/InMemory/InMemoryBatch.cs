using System.Collections.Immutable;
using System.Collections.ObjectModel;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Tracking.Storage;

/// <summary>A batch on its way into the in-memory store: applies record after record to its own copy of the state.</summary>
internal sealed class InMemoryBatch(InMemoryState state, BatchSource? source, DateTimeOffset now)
{
    private readonly List<Rejection> _rejections = [];
    private int _index = -1;

    public InMemoryState State { get; private set; } = state;

    public IReadOnlyList<Rejection> Rejections => _rejections;

    public void Apply(TrackingRecord record)
    {
        _index++;
        if (Limits.RecordError(record) is { } error)
            Refuse(RejectionReason.Invalid, error);
        else if (record is TrackingRecord.RunStarted started)
            Start(started);
        else if (!State.Runs.TryGetValue(record.RunId, out InMemoryRun? run))
            RefuseUnknown(record.RunId);
        else if (source is null && run.Lifecycle == Lifecycle.Deleted)
            Refuse(RejectionReason.RunDeleted, $"Run '{record.RunId}' is deleted. Restore it first.");
        else
            Change(run, record);
    }

    private void Start(TrackingRecord.RunStarted started)
    {
        if (State.Runs.ContainsKey(started.RunId))
        {
            Refuse(RejectionReason.RunExists, $"There is a run '{started.RunId}' already. Resume it, or start one with a new id.");
            return;
        }

        if (State.Purged.Contains(started.RunId))
        {
            Refuse(RejectionReason.RunPurged, $"Run '{started.RunId}' was purged for good. Start a run with a new id.");
            return;
        }

        Experiment? experiment = started.ExperimentId is { } id ? State.FindExperiment(id) : State.FindExperiment(started.ExperimentName!);
        if (experiment is null && started.ExperimentName is null)
        {
            Refuse(RejectionReason.UnknownExperiment, $"There is no experiment with id '{started.ExperimentId}'.");
            return;
        }

        if (experiment is { Lifecycle: Lifecycle.Deleted })
        {
            Refuse(RejectionReason.ExperimentDeleted, $"Experiment '{experiment.Name}' is deleted. Restore it, or choose another name.");
            return;
        }

        if (experiment is null)
        {
            State = State.WithNewExperiment(started.ExperimentName!, artifactLocation: null, now);
            experiment = State.Experiments[^1];
        }

        string name = started.Name.Length > 0 ? started.Name : started.RunId.Value[..Math.Min(8, started.RunId.Value.Length)];
        InMemoryRun run = new()
        {
            Id = started.RunId,
            ExperimentId = experiment.Id,
            Name = name,
            Status = started.Status,
            StartedAtMs = started.StartedAtMs,
            LastRecordMs = started.StartedAtMs,
            User = started.User,
            ArtifactLocation = started.ArtifactLocation ?? $"{experiment.ArtifactLocation.TrimEnd('/')}/{started.RunId}/artifacts",
        };
        run = run.Rename(name);
        if (started.Parent is { } parent)
            run = run with { Tags = run.Tags.SetItem(InMemoryRun.ParentTag, parent.Value) };
        State = State.With(Leased(run, started.Status));
    }

    private void Change(InMemoryRun run, TrackingRecord record)
    {
        switch (record)
        {
            case TrackingRecord.RunUpdated updated:
                State = State.With(Update(run, updated));
                break;
            case TrackingRecord.ParamLogged { Key: var key, Value: var value }:
                if (!run.Params.TryGetValue(key, out string? kept))
                    State = State.With(run with { Params = run.Params.Add(key, value) });
                else if (!string.Equals(kept, value, StringComparison.Ordinal))
                    Refuse(RejectionReason.ParamChanged, $"Param '{key}' of run '{run.Id}' has another value already, and params do not change. Log it under another key, or as a tag.");
                break;
            case TrackingRecord.TagSet { Key: InMemoryRun.NameTag, Value: var name }:
                State = State.With(run.Rename(name));
                break;
            case TrackingRecord.TagSet tag:
                State = State.With(run with { Tags = run.Tags.SetItem(tag.Key, tag.Value) });
                break;
            case TrackingRecord.TagDeleted { Key: var key }:
                if (run.Tags.ContainsKey(key))
                    State = State.With(run with { Tags = run.Tags.Remove(key) });
                else
                    Refuse(RejectionReason.UnknownTag, $"Run '{run.Id}' has no tag '{key}'.");
                break;
            case TrackingRecord.PointsLogged points:
                Log(run, points);
                break;
            case TrackingRecord.DatasetUsed { Dataset: var dataset }:
                Use(run, dataset);
                break;
            case TrackingRecord.ModelUsed { Model: var model }:
                if (FindInUse(model) is not null && !run.ModelInputs.Contains(model))
                    State = State.With(run with { ModelInputs = run.ModelInputs.Add(model) });
                break;
            case TrackingRecord.ModelProduced { Output: var output }:
                if (FindInUse(output.Id) is not null && !run.ModelOutputs.Contains(output))
                    State = State.With(run with { ModelOutputs = run.ModelOutputs.Add(output) });
                break;
        }
    }

    private InMemoryRun Update(InMemoryRun run, TrackingRecord.RunUpdated updated)
    {
        if (updated.Name is { } name)
            run = run.Rename(name);
        if (updated.Status is { } status)
            run = Leased(run with { Status = status, EndedAtMs = status == RunStatus.Running ? null : run.EndedAtMs }, status);
        return updated.EndedAtMs is { } ended ? run with { EndedAtMs = ended, LastRecordMs = Math.Max(run.LastRecordMs, ended) } : run;
    }

    private InMemoryRun Leased(InMemoryRun run, RunStatus status) => status switch
    {
        RunStatus.Finished or RunStatus.Failed or RunStatus.Killed => run with { Lease = null },
        // Records that arrive late must not take a run from the living journal that has resumed it since.
        RunStatus.Running when source is not null && !run.IsHeldByOther(source.Owner, now) => run with { Lease = new InMemoryLease(source.Owner, now + source.LeaseDuration, RenewedAt: null) },
        // A direct writer, which has no lease to renew, revives a run whose owner is gone.
        RunStatus.Running when source is null && run.Lease?.Until <= now => run with { Lease = null },
        _ => run,
    };

    private void Use(InMemoryRun run, DatasetInput dataset)
    {
        var key = (run.ExperimentId, dataset.Name, dataset.Digest);
        if (!State.Datasets.TryGetValue(key, out DatasetInput? kept))
        {
            kept = dataset with { Role = null, Tags = ReadOnlyDictionary<string, string>.Empty };
            State = State with { Datasets = State.Datasets.Add(key, kept) };
        }

        InMemoryInput input = new(kept, dataset.Role);
        int index = run.Datasets.FindIndex(known => known.Dataset == kept && known.Role == dataset.Role);
        State = State.With(run with
        {
            Datasets = index < 0
                ? run.Datasets.Add(input with { Tags = input.Tags.SetItems(dataset.Tags) })
                : run.Datasets.SetItem(index, run.Datasets[index] with { Tags = run.Datasets[index].Tags.SetItems(dataset.Tags) }),
        });
    }

    private void Log(InMemoryRun run, TrackingRecord.PointsLogged logged)
    {
        if (logged.Model is { } id)
        {
            if (FindInUse(id) is not { } model)
                return;
            State = State.With(model.Measured(logged));
        }

        ReadOnlySpan<MetricPoint> points = logged.Points.Span;
        if (InMemorySeries.Append(run.Series.GetValueOrDefault(logged.Key), points) is { } series)
            State = State.With(run with { Series = run.Series.SetItem(logged.Key, series), LastRecordMs = Latest(run.LastRecordMs, points) });
    }

    /// <summary>Finds a logged model that can be written to; refuses the record where there is none.</summary>
    private InMemoryLoggedModel? FindInUse(LoggedModelId id)
    {
        if (State.LoggedModels.TryGetValue(id, out InMemoryLoggedModel? model) && model.IsInUse)
            return model;
        Refuse(RejectionReason.UnknownModel, $"There is no logged model '{id}', or it is deleted. Create or restore it first.");
        return null;
    }

    private static long Latest(long latest, ReadOnlySpan<MetricPoint> points)
    {
        foreach (ref readonly MetricPoint point in points)
            latest = Math.Max(latest, point.TimestampMs);
        return latest;
    }

    private void RefuseUnknown(RunId run)
    {
        if (State.Purged.Contains(run))
            Refuse(RejectionReason.RunPurged, $"Run '{run}' was purged for good.");
        else
            Refuse(RejectionReason.UnknownRun, $"There is no run '{run}'. Its start may have been refused.");
    }

    private void Refuse(RejectionReason reason, string message) => _rejections.Add(new Rejection(_index, reason, message));
}
