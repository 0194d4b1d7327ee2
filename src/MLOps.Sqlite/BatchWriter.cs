using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Runs;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite;

/// <summary>Applies one batch inside the writer's transaction, which its caller commits.</summary>
internal sealed class BatchWriter(Session session, BatchSource? source, string artifactRoot, long nowMs)
{
    private readonly HashSet<RunState> _ended = [];

    /// <summary>Applies the batch, or ends the transaction without effect when it is refused as a whole.</summary>
    public AppendResult Apply(RecordBatch batch)
    {
        if (source is not null && !session.Leases.Advance(source))
            return AppendResult.Applied;
        List<Rejection> rejections = [];
        for (int i = 0; i < batch.Records.Count; i++)
        {
            if (Apply(batch.Records[i]) is { } refusal)
                rejections.Add(new Rejection(i, refusal.Reason, refusal.Message));
        }

        if (rejections.Count > 0 && batch.OnReject == OnReject.RefuseAll)
            session.Rollback();
        else
            session.Points.Flush(_ended);
        return rejections.Count == 0 ? AppendResult.Applied : new AppendResult(rejections);
    }

    private Refusal? Apply(TrackingRecord record)
    {
        if (Limits.RecordError(record) is { } error)
            return new Refusal(RejectionReason.Invalid, error);
        if (record is RunStarted start)
            return Start(start);
        if (session.Runs.Find(record.RunId) is not { } run)
        {
            return session.Runs.IsPurged(record.RunId)
                ? new Refusal(RejectionReason.RunPurged, $"Run '{record.RunId}' was purged for good.")
                : new Refusal(RejectionReason.UnknownRun, $"There is no run '{record.RunId}'. Perhaps its start was refused.");
        }

        return source is null && run.Lifecycle == Lifecycle.Deleted
            ? new Refusal(RejectionReason.RunDeleted, $"Run '{record.RunId}' is deleted. Restore it to write to it.")
            : Change(run, record);
    }

    private Refusal? Start(RunStarted start)
    {
        if (session.Runs.Find(start.RunId) is not null)
            return new Refusal(RejectionReason.RunExists, $"Run '{start.RunId}' exists. Resume it, or start a run with a new id.");
        if (session.Runs.IsPurged(start.RunId))
            return new Refusal(RejectionReason.RunPurged, $"Run '{start.RunId}' was purged for good. Start a run with a new id.");
        Experiment? experiment = start.ExperimentId is { } id ? session.Experiments.Find(id) : session.Experiments.Find(start.ExperimentName!);
        if (experiment is null && start.ExperimentId is not null)
            return new Refusal(RejectionReason.UnknownExperiment, $"There is no experiment with id '{start.ExperimentId}'.");
        if (experiment is { Lifecycle: Lifecycle.Deleted })
            return new Refusal(RejectionReason.ExperimentDeleted, $"Experiment '{experiment.Name}' is deleted. Restore it, or choose another.");

        experiment ??= session.Experiments.Create(start.ExperimentName!, artifactLocation: null, artifactRoot, nowMs);
        RunState run = session.Runs.Add(start, ExperimentTable.Number(experiment.Id)!.Value, start.ArtifactLocation ?? $"{experiment.ArtifactLocation.TrimEnd('/')}/{start.RunId}/artifacts");
        EnterStatus(run);
        return null;
    }

    private Refusal? Change(RunState run, TrackingRecord record)
    {
        switch (record)
        {
            case PointsLogged points:
                return Log(run, points);
            case ParamLogged param:
                return session.Runs.AddParam(run, param.Key, param.Value)
                    ? null
                    : new Refusal(RejectionReason.ParamChanged, $"Param '{param.Key}' of run '{run.Id}' has another value, and params do not change. Log it under another key, or as a tag.");
            case TagSet tag:
                session.Runs.SetTag(run, tag.Key, tag.Value);
                return null;
            case TagDeleted tag:
                return session.Runs.DeleteTag(run, tag.Key) ? null : new Refusal(RejectionReason.UnknownTag, $"Run '{run.Id}' has no tag '{tag.Key}'.");
            case DatasetUsed used:
                session.Datasets.AddInput(run, used.Dataset);
                return null;
            case ModelUsed used:
                return WithModel(used.Model, model => session.LoggedModels.AddInput(run, model));
            case ModelProduced produced:
                return WithModel(produced.Output.Id, model => session.LoggedModels.AddOutput(run, model, produced.Output.Step));
            default:
                Update(run, (RunUpdated)record);
                return null;
        }
    }

    private Refusal? Log(RunState run, PointsLogged points)
    {
        (long Number, long Experiment)? model = null;
        if (points.Model is { } id && (model = session.LoggedModels.NumberInUse(id)) is null)
            return UnknownModel(id);
        if (points.Points.IsEmpty)
            return null;
        long key = session.Keys.FindOrAdd(points.Key);
        session.Points.Add(session.Series.FindOrNew(run, key), points.Points);
        if (model is { } found)
            session.Points.Add(session.Series.FindOrNew(run, key, session.LoggedModels.FindOrAddMeasurement(found.Number, run, points.DatasetName, points.DatasetDigest), found.Experiment), points.Points);
        return null;
    }

    private Refusal? WithModel(LoggedModelId id, Action<long> write)
    {
        if (session.LoggedModels.NumberInUse(id) is not { } model)
            return UnknownModel(id);
        write(model.Number);
        return null;
    }

    private static Refusal UnknownModel(LoggedModelId id) => new(RejectionReason.UnknownModel, $"There is no logged model '{id}', or it is deleted. Create or restore it first.");

    private void Update(RunState run, RunUpdated update)
    {
        if (update.Name is { } name)
            session.Runs.Rename(run, name);
        if (update.Status is { } status)
        {
            session.Runs.SetStatus(run, status);
            EnterStatus(run);
            if (status == RunStatus.Running)
                session.Runs.SetEnd(run, null);
        }

        if (update.EndedAtMs is { } ended)
            session.Runs.SetEnd(run, ended);
    }

    private void EnterStatus(RunState run)
    {
        if (run.HasEnded)
        {
            session.Leases.End(run);
            _ended.Add(run);
        }
        else if (run.Status == RunStatus.Running && source is not null)
        {
            // Records that come late do not take a run from the living journal that has resumed it since.
            session.Leases.Take(run, source.Owner, source.LeaseDuration, nowMs, alive: false);
        }
        else if (run.Status == RunStatus.Running)
        {
            session.Leases.EndIfRunOut(run, nowMs);
        }
    }
}
