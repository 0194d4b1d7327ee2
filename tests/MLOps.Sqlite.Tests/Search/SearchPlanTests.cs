using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Search;
using MLOps.Tracking;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using SQLitePCL;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Search;

/// <summary>How SQLite goes about the questions that the page on search calls fast: what it plans, and how many rows it really steps over.</summary>
public sealed class SearchPlanTests : IDisposable
{
    // Going through all runs takes more than MostSteps, whatever is looked at.
    private const int Runs = 3_000, Page = 20, MostSteps = 3 * Runs;
    private const long Start = 1_790_000_000_000;

    private static readonly DateTimeOffset s_lately = DateTimeOffset.FromUnixTimeMilliseconds(Start + Runs - 10);

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>The questions of the page's table.</summary>
    private static IEnumerable<(string Name, RunQuery Query)> Fast(RunId run, RunId parent, IReadOnlyList<ExperimentId> experiments)
    {
        yield return ("newest", new RunQuery());
        yield return ("newest of an experiment", new RunQuery { Experiments = [experiments[0]] });
        yield return ("newest of several experiments", new RunQuery { Experiments = [.. experiments.Take(3)] });
        yield return ("newest of several small experiments", new RunQuery { ExperimentNames = ["small-3", "small-4"] });
        yield return ("best of several small experiments", RunQuery.Parse(null, "metrics.loss") with { ExperimentNames = ["small-3", "small-4"] });
        yield return ("newest of all lifecycles", new RunQuery { Lifecycle = null });
        yield return ("oldest", RunQuery.Parse(null, "start_time ASC"));
        yield return ("lately", new RunQuery { Filter = RunField.StartedAt >= s_lately, OrderBy = [RunField.User.Ascending] });
        yield return ("by id", RunQuery.Parse($"run_id = '{run}'"));
        yield return ("by ids", RunQuery.Parse($"run_id IN ('{run}', '{parent}')"));
        yield return ("by name", RunQuery.Parse("run_name = 'run-7'", "end_time"));
        yield return ("by the beginning of a name", RunQuery.Parse("run_name LIKE 'run-77%'"));
        yield return ("children", new RunQuery { Parent = parent });
        yield return ("running", RunQuery.Parse("status = 'RUNNING'"));
        yield return ("by dataset", RunQuery.Parse("datasets.name = 'rare'"));
        yield return ("by digest", RunQuery.Parse("datasets.digest = 'd-rare' AND datasets.context = 'training'"));
        yield return ("rare param", RunQuery.Parse("params.seed = '42'"));
        yield return ("rare param by its beginning", RunQuery.Parse("params.seed LIKE '42%'"));
        yield return ("rare tag", RunQuery.Parse("tags.ticket = 'T-42'", "metrics.loss"));
        yield return ("rare metric value", RunQuery.Parse("metrics.loss > 0.999", "run_name"));
        yield return ("metric that few have", RunQuery.Parse("metrics.rare != 0", "end_time DESC"));
        yield return ("best", RunQuery.Parse(null, "metrics.loss"));
        yield return ("worst", RunQuery.Parse(null, "metrics.loss DESC"));
        yield return ("best by a metric that few have", RunQuery.Parse(null, "metrics.rare DESC"));
        yield return ("best of an experiment", RunQuery.Parse(null, "metrics.loss") with { Experiments = [experiments[1]] });
        yield return ("ordered by param", RunQuery.Parse(null, "params.seed"));
        yield return ("ordered by tag", RunQuery.Parse(null, "tags.ticket DESC"));
        yield return ("conditions and order", RunQuery.Parse("metrics.loss < 0.7 AND metrics.accuracy > 0.2 AND params.optimizer = 'adam'", "metrics.loss"));
        yield return ("conditions and another order", RunQuery.Parse("metrics.loss < 0.7 AND params.optimizer = 'adam'", "metrics.accuracy DESC", "run_name"));
        yield return ("conditions in an experiment", RunQuery.Parse("metrics.loss < 0.9 AND metrics.accuracy > 0.1 AND params.optimizer = 'adam'", "metrics.accuracy DESC") with { Experiments = [experiments[2]] });
    }

    [Fact]
    public async Task No_fast_question_scans_a_table_that_grows_with_points_or_runs()
    {
        (RunId run, RunId parent, IReadOnlyList<ExperimentId> experiments) = await FillAsync();
        using Session session = new(Connection.Open(_folder.File, raw.SQLITE_OPEN_READONLY));
        List<string> scans = [];
        foreach ((string name, RunQuery query) in Fast(run, parent, experiments))
        {
            List<Sql> asked = [];
            session.RunSearch.Watch = asked.Add;
            PageRequest first = new() { Size = Page };
            string? next = session.RunSearch.Find(query, first, Start + Runs, Token).NextToken;
            if (next is not null)
                session.RunSearch.Find(query, first with { Token = next }, Start + Runs, Token);
            Assert.NotEmpty(asked);
            scans.AddRange(asked.SelectMany(sql => Plan(session.Connection, sql)).Where(IsScan).Select(step => $"{name}: {step}"));

            // A walk along an index is a scan that ends early; what it has cost says whether it did.
            scans.AddRange(asked.Where(IsSearch).Select(sql => (Sql: sql, Steps: Steps(session.Connection, sql))).Where(cost => cost.Steps > MostSteps).Select(cost => $"{name}: {cost.Steps} steps by {cost.Sql}"));
        }

        Assert.Equal([], scans);
    }

    [Theory]
    [InlineData("metrics.loss < 0.7", "user_id")]
    [InlineData("user_id = 'nobody'", "start_time DESC")]
    public async Task A_question_that_is_not_fast_is_seen(string filter, string order)
    {
        await FillAsync();
        using Session session = new(Connection.Open(_folder.File, raw.SQLITE_OPEN_READONLY));
        List<Sql> asked = [];
        session.RunSearch.Watch = asked.Add;
        session.RunSearch.Find(RunQuery.Parse(filter, order), new PageRequest { Size = Page }, Start + Runs, Token);

        Assert.Contains(asked.Where(IsSearch), sql => Steps(session.Connection, sql) > MostSteps);
    }

    [Fact]
    public async Task Reading_what_was_found_looks_rows_up_by_their_keys()
    {
        (RunId run, _, _) = await FillAsync();
        using Session session = new(Connection.Open(_folder.File, raw.SQLITE_OPEN_READONLY));
        session.RunSearch.Find(new RunQuery(), new PageRequest { Size = Page }, Start + Runs, Token);
        session.RunSearch.Find(new RunQuery { Fields = new RunFields { Metrics = ["loss"], Params = ["seed"], Tags = ["ticket"] } }, new PageRequest { Size = Page }, Start + Runs, Token);
        session.RunReader.Find(run, Start);

        Assert.Equal(0, session.Connection.FullScanSteps);
    }

    private static List<string> Plan(Connection connection, Sql sql)
    {
        List<string> steps = [];
        using Statement plan = Sql.Of($"EXPLAIN QUERY PLAN {sql}").Prepare(connection);
        while (plan.Step())
            steps.Add(plan.Text(3));
        return steps;
    }

    // "SCAN r USING INDEX …" walks an index; experiments and what is computed first are no tables that grow.
    private static bool IsScan(string step) =>
        step.Contains("AUTOMATIC", StringComparison.Ordinal)
        || (step.StartsWith("SCAN", StringComparison.Ordinal) && !step.Contains("USING", StringComparison.Ordinal) && step is not ("SCAN x" or "SCAN CONSTANT ROW") && !step.StartsWith("SCAN (subquery", StringComparison.Ordinal));

    // Counting to choose a way to begin is bounded by itself.
    private static bool IsSearch(Sql sql) => !sql.Text.StartsWith("SELECT count(*)", StringComparison.Ordinal);

    /// <summary>How many instructions SQLite takes to answer.</summary>
    private static int Steps(Connection connection, Sql sql)
    {
        using Statement statement = sql.Prepare(connection);
        while (statement.Step())
        {
        }

        return statement.Instructions;
    }

    private async Task<(RunId Run, RunId Parent, IReadOnlyList<ExperimentId> Experiments)> FillAsync()
    {
        await using SqliteTrackingStore store = _folder.Open();
        Random random = new(1);
        RunId[] ids = [.. Enumerable.Range(0, Runs).Select(_ => RunId.New())];
        foreach (int[] batch in Enumerable.Range(0, Runs).Chunk(500))
        {
            List<TrackingRecord> records = [];
            foreach (int i in batch)
            {
                RunId id = ids[i];
                records.AddRange(
                [
                    new RunStarted(id, Start + i) { ExperimentName = i % 1000 is 3 or 4 ? $"small-{i % 1000}" : $"e{i % 5}", Name = $"run-{i}", Parent = i % 300 == 1 ? ids[0] : null, User = $"user-{i % 3}" },
                    new ParamLogged(id, "seed", $"{i}"), new ParamLogged(id, "optimizer", i % 2 == 0 ? "adam" : "sgd"), new TagSet(id, "ticket", $"T-{i}"),
                    Metric(id, "loss", random.NextDouble()), Metric(id, "accuracy", random.NextDouble()),
                    new DatasetUsed(id, new DatasetInput { Name = i % 1000 == 0 ? "rare" : "common", Digest = i % 1000 == 0 ? "d-rare" : "d", SourceType = "local", Source = "{}", Role = "training" }),
                ]);
                if (i % 600 == 0)
                    records.Add(Metric(id, "rare", i));
                if (i % 500 != 0)
                    records.Add(new RunUpdated(id) { Status = RunStatus.Finished, EndedAtMs = Start + i });
            }

            await StoreFolder.WriteAsync(store, [.. records]);
        }

        IReadOnlyList<Experiment> experiments = (await store.FindExperimentsAsync(new ExperimentQuery(), new PageRequest(), Token)).Items;
        return (ids[77], ids[0], [.. experiments.Where(experiment => experiment.Name.StartsWith('e')).Select(experiment => experiment.Id)]);
    }

    private static PointsLogged Metric(RunId id, string key, double value) => new(id, key, new[] { new MetricPoint(0, Start, value) });
}
