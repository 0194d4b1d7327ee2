using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Leases;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Sqlite.Runs;

/// <summary>Runs with all that is known of them but their points.</summary>
internal sealed class RunReader(Connection connection)
{
    private const string Columns = """
        SELECT r.id, r.run_id, r.experiment, r.name, r.user, r.status, r.started_ms, r.ended_ms, r.parent, r.artifact_location, r.lifecycle, l.expires_ms, r.newest_ms, l.renewed_ms,
            CASE WHEN l.run IS NOT NULL THEN (SELECT max(newest_ms) FROM series WHERE owner_kind = 0 AND owner = r.id) END, r.deleted_ms
        FROM run r LEFT JOIN lease l ON l.run = r.id

        """;

    private Statement FindById => field ??= connection.Prepare(Columns + "WHERE r.run_id = ? AND r.lifecycle < 2");

    private Statement FindByNumber => field ??= connection.Prepare(Columns + "WHERE r.id = ?");

    private Statement FindParams => field ??= connection.Prepare("SELECT k.name, p.value FROM param p JOIN key_name k ON k.id = p.key WHERE p.run = ?");

    private Statement FindTags => field ??= connection.Prepare("SELECT k.name, t.value FROM tag t JOIN key_name k ON k.id = t.key WHERE t.run = ?");

    private Statement FindMetrics => field ??= connection.Prepare("""
        SELECT k.name, s.latest_step, s.latest_ms, s.latest_value
        FROM series s JOIN key_name k ON k.id = s.key WHERE s.owner_kind = 0 AND s.owner = ?
        """);

    private Statement FindParam => field ??= connection.Prepare("SELECT k.name, p.value FROM param p JOIN key_name k ON k.id = p.key WHERE p.run = ? AND k.name = ?");

    private Statement FindTag => field ??= connection.Prepare("SELECT k.name, t.value FROM tag t JOIN key_name k ON k.id = t.key WHERE t.run = ? AND k.name = ?");

    private Statement FindMetric => field ??= connection.Prepare("""
        SELECT k.name, s.latest_step, s.latest_ms, s.latest_value
        FROM series s JOIN key_name k ON k.id = s.key WHERE s.owner_kind = 0 AND s.owner = ? AND k.name = ?
        """);

    private Statement FindDatasets => field ??= connection.Prepare("""
        SELECT d.name, d.digest, d.source_type, d.source, d.schema, d.profile, i.role, i.id
        FROM run_input i JOIN dataset d ON d.id = i.dataset WHERE i.run = ? ORDER BY i.id
        """);

    private Statement FindDatasetTags => field ??= connection.Prepare("SELECT t.input, t.key, t.value FROM run_input i JOIN run_input_tag t ON t.input = i.id WHERE i.run = ?");

    private Statement FindModelInputs => field ??= connection.Prepare("SELECT m.model_id FROM run_model_input i JOIN logged_model m ON m.id = i.model WHERE i.run = ? ORDER BY i.id");

    private Statement FindModelOutputs => field ??= connection.Prepare("SELECT m.model_id, o.step FROM run_model_output o JOIN logged_model m ON m.id = o.model WHERE o.run = ? ORDER BY o.id");

    public RunDetails? Find(RunId id, long nowMs)
    {
        (long Number, RunInfo Info) run;
        using (Rows rows = FindById.With(id.Value).Query())
        {
            if (!rows.Next())
                return null;
            run = Read(FindById, nowMs);
        }

        return Details(run.Number, run.Info, RunFields.All);
    }

    /// <summary>Reads a run that a search has found in the same transaction.</summary>
    public RunDetails Read(long number, RunFields fields, long nowMs)
    {
        using Rows rows = FindByNumber.With(number).Query();
        rows.Next();
        return Details(number, Read(FindByNumber, nowMs).Info, fields);
    }

    private static (long Number, RunInfo Info) Read(Statement row, long nowMs)
    {
        RunStatus status = (RunStatus)row.Int32(5);
        long? ended = row.IsNull(7) ? null : row.Int64(7);
        if (status == RunStatus.Running && !row.IsNull(11) && row.Int64(11) <= nowMs)
            (status, ended) = (RunStatus.Killed, LeaseTable.EndOfKilled(row.Int64(6), row.Int64(12), row.Int64(13), row.Int64(14), nowMs));
        return (row.Int64(0), new RunInfo
        {
            Id = new RunId(row.Text(1)),
            ExperimentId = ExperimentTable.Id(row.Int64(2)),
            Name = row.Text(3),
            User = row.Text(4),
            Status = status,
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(6)),
            EndedAt = ended is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            Parent = row.TextOrNull(8) is { } parent ? new RunId(parent) : null,
            ArtifactLocation = row.Text(9),
            Lifecycle = (Lifecycle)row.Int32(10),
            DeletedAt = row.IsNull(15) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(15)),
        });
    }

    private RunDetails Details(long number, RunInfo info, RunFields fields) => new()
    {
        Info = info,
        Params = Dictionary(FindParams, FindParam, fields.Params, number, static row => row.Text(1)),
        Tags = Dictionary(FindTags, FindTag, fields.Tags, number, static row => row.Text(1)),
        Metrics = Dictionary(FindMetrics, FindMetric, fields.Metrics, number, static row => row.Point(1)),
        Datasets = fields.Datasets ? Datasets(number) : [],
        ModelInputs = fields.Datasets ? List(FindModelInputs, number, static row => new LoggedModelId(row.Text(0))) : [],
        ModelOutputs = fields.Datasets ? List(FindModelOutputs, number, static row => new LoggedModelOutput(new LoggedModelId(row.Text(0)), row.Int64(1))) : [],
    };

    private static Dictionary<string, T> Dictionary<T>(Statement all, Statement one, IReadOnlyList<string>? keys, long number, Func<Statement, T> value)
    {
        Dictionary<string, T> dictionary = new(StringComparer.Ordinal);
        if (keys is null)
            AddRows(all.With(number));
        foreach (string key in keys ?? [])
            AddRows(one.With(number).With(key));
        return dictionary;

        void AddRows(Statement select)
        {
            using Rows rows = select.Query();
            while (rows.Next())
                dictionary[select.Text(0)] = value(select);
        }
    }

    private static List<T> List<T>(Statement find, long number, Func<Statement, T> item)
    {
        List<T> list = [];
        using Rows rows = find.With(number).Query();
        while (rows.Next())
            list.Add(item(find));
        return list;
    }

    private List<DatasetInput> Datasets(long number)
    {
        List<(long Input, DatasetInput Dataset)> datasets = List(FindDatasets, number, static row => (row.Int64(7), new DatasetInput
        {
            Name = row.Text(0),
            Digest = row.Text(1),
            SourceType = row.Text(2),
            Source = row.Text(3),
            Schema = row.TextOrNull(4),
            Profile = row.TextOrNull(5),
            Role = row.TextOrNull(6),
        }));
        if (datasets.Count == 0)
            return [];
        var tags = List(FindDatasetTags, number, static row => (Input: row.Int64(0), Key: row.Text(1), Value: row.Text(2))).ToLookup(tag => tag.Input);
        return datasets.ConvertAll(input => tags.Contains(input.Input)
            ? input.Dataset with { Tags = tags[input.Input].ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal) }
            : input.Dataset);
    }
}
