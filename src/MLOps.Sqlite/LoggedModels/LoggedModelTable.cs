using System.Collections.ObjectModel;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Runs;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Sqlite.LoggedModels;

/// <summary>Logged models, read and written, but for the points that runs measured of them.</summary>
internal sealed class LoggedModelTable(Connection connection, KeyTable keys, ExperimentTable experiments)
{
    private const string Columns = """
        SELECT id, model_id, experiment, name, model_type, source_run, status, status_message, created_ms, updated_ms, artifact_location, lifecycle FROM logged_model

        """;

    private Statement FindById => field ??= connection.Prepare(Columns + "WHERE model_id = ?");

    private Statement FindByExperiment => field ??= connection.Prepare(Columns + "WHERE experiment = ?1 AND lifecycle = ifnull(?2, lifecycle)");

    private Statement FindParams => field ??= connection.Prepare("SELECT k.name, p.value FROM logged_model_param p JOIN key_name k ON k.id = p.key WHERE p.model = ?");

    private Statement FindTags => field ??= connection.Prepare("SELECT k.name, t.value FROM logged_model_tag t JOIN key_name k ON k.id = t.key WHERE t.model = ?");

    // What a run that is being purged measured is out of sight.
    private Statement FindMetrics => field ??= connection.Prepare("""
        SELECT k.name, s.latest_step, s.latest_ms, s.latest_value, r.run_id, m.dataset_name, m.dataset_digest
        FROM measurement m JOIN run r ON r.id = m.run AND r.lifecycle < 2 JOIN series s ON s.owner_kind = 1 AND s.owner = m.id JOIN key_name k ON k.id = s.key
        WHERE m.model = ?
        """);

    private Statement FindInUse => field ??= connection.Prepare("SELECT id, experiment FROM logged_model WHERE model_id = ? AND lifecycle = 0");

    private Statement FindMeasurement => field ??= connection.Prepare("SELECT id FROM measurement WHERE model = ? AND run = ? AND dataset_name = ? AND dataset_digest = ?");

    private Statement InsertMeasurement => field ??= connection.Prepare("INSERT INTO measurement(model, run, dataset_name, dataset_digest) VALUES(?, ?, ?, ?)");

    private Statement Insert => field ??= connection.Prepare("""
        INSERT INTO logged_model(model_id, experiment, name, model_type, source_run, status, status_message, created_ms, updated_ms, artifact_location, lifecycle)
        VALUES(?1, ?2, ?3, ?4, ?5, 1, '', ?6, ?6, ?7, 0)
        """);

    private Statement Update => field ??= connection.Prepare("""
        UPDATE logged_model SET status = ifnull(?1, status), status_message = ifnull(?2, status_message), lifecycle = ifnull(?3, lifecycle), updated_ms = ?4 WHERE id = ?5
        """);

    private Statement InsertParam => field ??= connection.Prepare("INSERT INTO logged_model_param(model, key, value) VALUES(?, ?, ?) ON CONFLICT DO NOTHING");

    private Statement UpsertTag => field ??= connection.Prepare("INSERT INTO logged_model_tag(model, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement DeleteTag => field ??= connection.Prepare("DELETE FROM logged_model_tag WHERE model = ? AND key = ?");

    private Statement InsertInput => field ??= connection.Prepare("INSERT INTO run_model_input(run, model) VALUES(?, ?) ON CONFLICT DO NOTHING");

    private Statement InsertOutput => field ??= connection.Prepare("INSERT INTO run_model_output(run, model, step) VALUES(?, ?, ?) ON CONFLICT DO NOTHING");

    public LoggedModel? Find(LoggedModelId id) => Row(id) is { } row ? Read(row.Number, row.Model) : null;

    /// <summary>All models of some experiments.</summary>
    public List<LoggedModel> Find(IEnumerable<ExperimentId> of, Lifecycle? lifecycle, CancellationToken cancellationToken)
    {
        List<(long Number, LoggedModel Model)> found = [];
        foreach (ExperimentId experiment in of.Distinct())
        {
            using Rows rows = FindByExperiment.With(ExperimentTable.Number(experiment) ?? -1).With((long?)lifecycle).Query();
            while (rows.Next())
                found.Add(ReadRow(FindByExperiment));
        }

        return found.ConvertAll(row =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Read(row.Number, row.Model);
        });
    }

    public LoggedModel Create(NewLoggedModel model, long nowMs)
    {
        if (Find(model.Id) is { } existing)
            return existing;
        Experiment experiment = experiments.GetActive(model.ExperimentId);
        Insert.With(model.Id.Value).With(ExperimentTable.Number(experiment.Id)).With(model.Name).With(model.ModelType).With(model.SourceRunId?.Value).With(nowMs)
            .With(model.ArtifactLocation ?? $"{experiment.ArtifactLocation.TrimEnd('/')}/models/{model.Id}/artifacts").Run();
        long number = connection.LastInsertId;
        AddParams(model.Id, number, model.Params);
        SetTags(number, model.Tags);
        return Find(model.Id)!;
    }

    /// <summary>Changes a model; its caller ends the transaction without effect when that raises.</summary>
    public LoggedModel Change(LoggedModelId id, LoggedModelChange change, long nowMs)
    {
        (long number, LoggedModel model) = Row(id) ?? throw new LoggedModelNotFoundException(id);
        if (model.Lifecycle == Lifecycle.Deleted && !change.IsOfLifecycleAlone)
            throw new LoggedModelNotFoundException(id);
        if (change.IsOfLifecycleAlone && change.Lifecycle == model.Lifecycle)
            return Read(number, model);
        Update.With((long?)change.Status).With(change.StatusMessage).With((long?)change.Lifecycle).With(nowMs).With(number).Run();
        AddParams(id, number, change.AddedParams);
        foreach (string key in change.DeletedTags)
        {
            if (keys.Find(key) is not { } keyNumber || DeleteTag.With(number).With(keyNumber).Run() == 0)
                throw new LoggedModelTagNotFoundException(id, key);
        }

        SetTags(number, change.SetTags);
        return Find(id)!;
    }

    /// <summary>The number of a model that can be written to, and of its experiment; null when there is none, or it is deleted.</summary>
    public (long Number, long Experiment)? NumberInUse(LoggedModelId id)
    {
        using Rows rows = FindInUse.With(id.Value).Query();
        return rows.Next() ? (FindInUse.Int64(0), FindInUse.Int64(1)) : null;
    }

    /// <summary>The owner of the series that a run's points go to which tell of a model on a dataset.</summary>
    public long FindOrAddMeasurement(long model, RunState run, string? datasetName, string? datasetDigest)
    {
        using (Rows rows = FindMeasurement.With(model).With(run.Number).With(datasetName ?? "").With(datasetDigest ?? "").Query())
        {
            if (rows.Next())
                return FindMeasurement.Int64(0);
        }

        InsertMeasurement.With(model).With(run.Number).With(datasetName ?? "").With(datasetDigest ?? "").Run();
        return connection.LastInsertId;
    }

    public void AddInput(RunState run, long model) => InsertInput.With(run.Number).With(model).Run();

    public void AddOutput(RunState run, long model, long step) => InsertOutput.With(run.Number).With(model).With(step).Run();

    private (long Number, LoggedModel Model)? Row(LoggedModelId id)
    {
        using Rows rows = FindById.With(id.Value).Query();
        return rows.Next() ? ReadRow(FindById) : null;
    }

    private void AddParams(LoggedModelId id, long number, IReadOnlyDictionary<string, string> added)
    {
        foreach ((string key, string value) in added)
        {
            if (InsertParam.With(number).With(keys.FindOrAdd(key)).With(value).Run() == 0)
                throw new LoggedModelParamChangedException(id, key);
        }
    }

    private void SetTags(long number, IReadOnlyDictionary<string, string> tags)
    {
        foreach ((string key, string value) in tags)
            UpsertTag.With(number).With(keys.FindOrAdd(key)).With(value).Run();
    }

    private static (long Number, LoggedModel Model) ReadRow(Statement row) => (row.Int64(0), new LoggedModel
    {
        Id = new LoggedModelId(row.Text(1)),
        ExperimentId = ExperimentTable.Id(row.Int64(2)),
        Name = row.Text(3),
        ModelType = row.Text(4),
        SourceRunId = row.TextOrNull(5) is { } run ? new RunId(run) : null,
        Status = (LoggedModelStatus)row.Int32(6),
        StatusMessage = row.Text(7),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(8)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(9)),
        ArtifactLocation = row.Text(10),
        Lifecycle = (Lifecycle)row.Int32(11),
    });

    private LoggedModel Read(long number, LoggedModel model) => model with { Params = Pairs(FindParams, number), Tags = Pairs(FindTags, number), Metrics = Metrics(number) };

    private static ReadOnlyDictionary<string, string> Pairs(Statement find, long number)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        using Rows rows = find.With(number).Query();
        while (rows.Next())
            pairs.Add(find.Text(0), find.Text(1));
        return pairs.Count == 0 ? ReadOnlyDictionary<string, string>.Empty : new(pairs);
    }

    private List<LoggedModelMetric> Metrics(long number)
    {
        List<LoggedModelMetric> metrics = [];
        using Rows rows = FindMetrics.With(number).Query();
        while (rows.Next())
            metrics.Add(new LoggedModelMetric(FindMetrics.Text(0), FindMetrics.Point(1), new RunId(FindMetrics.Text(4)), Said(FindMetrics.Text(5)), Said(FindMetrics.Text(6))));
        return
        [
            .. metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal).ThenBy(metric => metric.RunId.Value, StringComparer.Ordinal)
                .ThenBy(metric => metric.DatasetName, StringComparer.Ordinal).ThenBy(metric => metric.DatasetDigest, StringComparer.Ordinal),
        ];
    }

    private static string? Said(string text) => text.Length == 0 ? null : text;
}
