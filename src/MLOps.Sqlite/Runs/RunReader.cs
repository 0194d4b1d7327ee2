using System.Globalization;
using System.Text;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Leases;

namespace MLOps.Sqlite.Runs;

/// <summary>Runs with all that is known of them but their points.</summary>
internal sealed class RunReader(Connection connection)
{
    private const int PageSize = 256;

    private const string Columns = """
        SELECT r.id, r.run_id, r.experiment, r.name, r.user, r.status, r.started_ms, r.ended_ms, r.parent, r.artifact_location, r.lifecycle, l.expires_ms, r.newest_ms, l.renewed_ms,
            CASE WHEN l.run IS NOT NULL THEN (SELECT max(newest_ms) FROM series WHERE owner_kind = 0 AND owner = r.id) END, r.deleted_ms
        FROM run r LEFT JOIN lease l ON l.run = r.id

        """;

    private Statement FindById => field ??= connection.Prepare(Columns + "WHERE r.run_id = ? AND r.lifecycle < 2");

    private Statement FindParams => field ??= connection.Prepare("SELECT k.name, p.value FROM param p JOIN key_name k ON k.id = p.key WHERE p.run = ?");

    private Statement FindTags => field ??= connection.Prepare("SELECT k.name, t.value FROM tag t JOIN key_name k ON k.id = t.key WHERE t.run = ?");

    private Statement FindMetrics => field ??= connection.Prepare("""
        SELECT k.name, s.latest_step, s.latest_ms, s.latest_value
        FROM series s JOIN key_name k ON k.id = s.key WHERE s.owner_kind = 0 AND s.owner = ?
        """);

    private Statement FindDatasets => field ??= connection.Prepare("""
        SELECT d.name, d.digest, d.source_type, d.source, d.schema, d.profile, i.role
        FROM run_input i JOIN dataset d ON d.id = i.dataset WHERE i.run = ? ORDER BY i.id
        """);

    public RunDetails? Find(RunId id, long nowMs)
    {
        (long Number, RunInfo Info) run;
        using (Rows rows = FindById.With(id.Value).Query())
        {
            if (!rows.Next())
                return null;
            run = Read(FindById, nowMs);
        }

        return Details(run.Number, run.Info);
    }

    public RunPage Find(RunQuery query, RunPage.Place? after, long nowMs)
    {
        List<(long Number, RunInfo Info)> found = [];
        using (Statement select = connection.PrepareForOneUse(Sql(query, after)))
        {
            if (query.Parent is { } parent)
                select.With(parent.Value);
            if (query.Lifecycle is { } lifecycle)
                select.With((long)lifecycle);
            if (after is { } place)
                select.With(place.StartedAtMs).With(place.StartedAtMs).With(place.RunId);
            while (select.Step())
                found.Add(Read(select, nowMs));
        }

        RunInfo? last = found.Count == PageSize ? found[^1].Info : null;
        return new RunPage(
            found.ConvertAll(run => Details(run.Number, run.Info)),
            last is null ? null : new RunPage.Place(last.StartedAt.ToUnixTimeMilliseconds(), last.Id.Value));
    }

    private static string Sql(RunQuery query, RunPage.Place? after)
    {
        List<string> terms = ["r.lifecycle < 2"];
        if (query.Experiments is { } experiments)
        {
            // Numbers of our own making: safe to write into the text. The plus keeps SQLite from gathering several experiments and sorting them anew for each page.
            List<string> numbers = [.. experiments.Select(ExperimentTable.Number).OfType<long>().Select(number => number.ToString(CultureInfo.InvariantCulture))];
            terms.Add(numbers.Count == 1 ? $"r.experiment = {numbers[0]}" : $"+r.experiment IN ({string.Join(',', numbers)})");
        }

        if (query.Parent is not null)
            terms.Add("r.parent = ?");
        if (query.Lifecycle is not null)
            terms.Add("r.lifecycle = ?");
        if (after is not null)
            terms.Add("r.started_ms <= ? AND (r.started_ms < ? OR r.run_id > ?)");
        StringBuilder sql = new(Columns);
        return sql.Append("WHERE ").AppendJoin(" AND ", terms).Append(CultureInfo.InvariantCulture, $" ORDER BY r.started_ms DESC, r.run_id LIMIT {PageSize}").ToString();
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

    private RunDetails Details(long number, RunInfo info) => new()
    {
        Info = info,
        Params = Dictionary(FindParams, number, static row => row.Text(1)),
        Tags = Dictionary(FindTags, number, static row => row.Text(1)),
        Metrics = Dictionary(FindMetrics, number, static row => row.Point(1)),
        Datasets = Datasets(number),
    };

    private static Dictionary<string, T> Dictionary<T>(Statement select, long number, Func<Statement, T> value)
    {
        Dictionary<string, T> dictionary = new(StringComparer.Ordinal);
        using Rows rows = select.With(number).Query();
        while (rows.Next())
            dictionary.Add(select.Text(0), value(select));
        return dictionary;
    }

    private List<DatasetInput> Datasets(long number)
    {
        List<DatasetInput> datasets = [];
        using Rows rows = FindDatasets.With(number).Query();
        while (rows.Next())
        {
            datasets.Add(new DatasetInput
            {
                Name = FindDatasets.Text(0),
                Digest = FindDatasets.Text(1),
                SourceType = FindDatasets.Text(2),
                Source = FindDatasets.Text(3),
                Schema = FindDatasets.TextOrNull(4),
                Profile = FindDatasets.TextOrNull(5),
                Role = FindDatasets.TextOrNull(6),
            });
        }

        return datasets;
    }
}
