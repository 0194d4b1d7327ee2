using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Metrics;

/// <summary>The rows of series: whose they are, their summary, and how much lies in their tail.</summary>
internal sealed class SeriesTable(Connection connection)
{
    private const int MostKnown = 65_536;

    private const int OfRun = 0, OfModel = 1;

    private readonly Dictionary<(long Run, long Key), SeriesState> _known = [];
    private readonly Dictionary<(long Measurement, long Key), SeriesState> _knownOfModels = [];

    private Statement FindSeries => field ??= connection.Prepare("""
        SELECT id, tail_count, newest_ms, latest_step, latest_ms, latest_value, first_step, first_ms, first_value, last_step, last_ms, last_value, min_value, max_value
        FROM series WHERE owner_kind = ? AND owner = ? AND key = ?
        """);

    private Statement FindTailed => field ??= connection.Prepare("SELECT key FROM series WHERE owner_kind = 0 AND owner = ? AND tail_count > 0 ORDER BY id");

    private Statement FindTailedOfModels => field ??= connection.Prepare("""
        SELECT s.key, m.id, s.experiment FROM measurement m JOIN series s ON s.owner_kind = 1 AND s.owner = m.id WHERE m.run = ? AND s.tail_count > 0 ORDER BY s.id
        """);

    private Statement FindTailedRuns => field ??= connection.Prepare($"""
        SELECT DISTINCT r.run_id FROM series s LEFT JOIN measurement m ON s.owner_kind = 1 AND m.id = s.owner JOIN run r ON r.id = iif(s.owner_kind = 0, s.owner, m.run)
        WHERE s.tail_count > 0 AND r.lifecycle < 2 AND r.status IN ({(int)RunStatus.Finished}, {(int)RunStatus.Failed}, {(int)RunStatus.Killed})
        """);

    private Statement Insert => field ??= connection.Prepare("""
        INSERT INTO series(owner_kind, owner, key, experiment, tail_count, newest_ms, latest_step, latest_ms, latest_value,
            first_step, first_ms, first_value, last_step, last_ms, last_value, min_value, max_value)
        VALUES(?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private Statement Update => field ??= connection.Prepare("""
        UPDATE series SET tail_count = ?, newest_ms = ?, latest_step = ?, latest_ms = ?, latest_value = ?, first_step = ?, first_ms = ?, first_value = ?,
            last_step = ?, last_ms = ?, last_value = ?, min_value = ?, max_value = ? WHERE id = ?
        """);

    public SeriesState FindOrNew(RunState run, long key) => _known.TryGetValue((run.Number, key), out SeriesState? known)
        ? known
        : _known[(run.Number, key)] = Find(new SeriesState { Run = run, Experiment = run.Experiment, Key = key });

    /// <summary>The series of what a run measured of a logged model.</summary>
    public SeriesState FindOrNew(RunState run, long key, long measurement, long experiment) => _knownOfModels.TryGetValue((measurement, key), out SeriesState? known)
        ? known
        : _knownOfModels[(measurement, key)] = Find(new SeriesState { Run = run, Experiment = experiment, Key = key, Measurement = measurement });

    private SeriesState Find(SeriesState series)
    {
        using Rows rows = WithOwner(FindSeries, series).With(series.Key).Query();
        if (rows.Next())
        {
            series.Number = FindSeries.Int64(0);
            series.TailCount = FindSeries.Int32(1);
            series.Summary = new SeriesSummary
            {
                NewestMs = FindSeries.Int64(2),
                Latest = FindSeries.Point(3),
                First = FindSeries.Point(6),
                Last = FindSeries.Point(9),
                Min = FindSeries.Double(12),
                Max = FindSeries.Double(13),
            };
        }

        return series;
    }

    /// <summary>The series that a run's points lie in and that have a tail.</summary>
    public List<SeriesState> WithTail(RunState run)
    {
        List<long> keys = [];
        using (Rows rows = FindTailed.With(run.Number).Query())
        {
            while (rows.Next())
                keys.Add(FindTailed.Int64(0));
        }

        List<(long Key, long Measurement, long Experiment)> ofModels = [];
        using (Rows rows = FindTailedOfModels.With(run.Number).Query())
        {
            while (rows.Next())
                ofModels.Add((FindTailedOfModels.Int64(0), FindTailedOfModels.Int64(1), FindTailedOfModels.Int64(2)));
        }

        return [.. keys.Select(key => FindOrNew(run, key)), .. ofModels.Select(series => FindOrNew(run, series.Key, series.Measurement, series.Experiment))];
    }

    /// <summary>The runs that have ended and have a tail again: points came late. Reads every row of the table.</summary>
    public List<RunId> EndedRunsWithTail()
    {
        List<RunId> runs = [];
        using Rows rows = FindTailedRuns.Query();
        while (rows.Next())
            runs.Add(new RunId(FindTailedRuns.Text(0)));
        return runs;
    }

    /// <summary>Gives a series that has none its row.</summary>
    public void Add(SeriesState series)
    {
        With(WithOwner(Insert, series).With(series.Key).With(series.Experiment), series.Summary).Run();
        series.Number = connection.LastInsertId;
    }

    public void Save(SeriesState series) => With(Update.With(series.TailCount), series.Summary).With(series.Number).Run();

    public void Forget()
    {
        _known.Clear();
        _knownOfModels.Clear();
    }

    public void Trim()
    {
        if (_known.Count + _knownOfModels.Count > MostKnown)
            Forget();
    }

    private static Statement WithOwner(Statement statement, SeriesState series) =>
        series.Measurement == 0 ? statement.With((long)OfRun).With(series.Run.Number) : statement.With((long)OfModel).With(series.Measurement);

    private static Statement With(Statement statement, in SeriesSummary summary) =>
        statement.With(summary.NewestMs).With(summary.Latest).With(summary.First).With(summary.Last).With(summary.Min).With(summary.Max);
}
