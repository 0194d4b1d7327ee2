using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using SQLitePCL;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.LoggedModels;

public sealed class LoggedModelTableTests : IDisposable
{
    private static readonly string[] OfModels = ["logged_model", "logged_model_param", "logged_model_tag", "measurement", "run_model_input", "run_model_output"];

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_purged_run_leaves_nothing_but_the_model()
    {
        await using SqliteTrackingStore store = _folder.Open();
        (RunId run, _) = await FillAsync(store, ExperimentId.Default);
        await store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Token);
        await store.BeginPurgeAsync([run], Token);

        await store.EndPurgeAsync([run], Token);

        foreach (string table in (string[])["run", "series", "chunk", "coarse", "tail", "measurement", "run_model_input", "run_model_output", "run_input", "run_input_tag"])
            Assert.Equal((table, 0), (table, _folder.Count(table)));
        foreach (string table in (string[])["logged_model", "logged_model_param", "logged_model_tag"])
            Assert.Equal((table, 1), (table, _folder.Count(table)));
    }

    [Fact]
    public async Task A_purged_experiment_leaves_nothing_of_its_models()
    {
        await using SqliteTrackingStore store = _folder.Open();
        Experiment experiment = await store.CreateExperimentAsync("models", null, Token);
        (RunId run, _) = await FillAsync(store, experiment.Id);
        await store.SetExperimentLifecycleAsync(experiment.Id, Lifecycle.Deleted, Token);

        Assert.True(await store.PurgeExperimentAsync(experiment.Id, Token));

        foreach (string table in OfModels)
            Assert.Equal((table, 0), (table, _folder.Count(table)));
        Assert.Equal(1, _folder.Count("series"));
        Assert.Equal(5_000, (await store.GetSeriesAsync(run, "loss", Token)).Points.Count);
        Assert.Empty(await CheckAsync(store));
    }

    [Fact]
    public async Task Points_of_a_model_are_folded_when_the_run_ends_and_late_ones_by_compaction()
    {
        await using SqliteTrackingStore store = _folder.Open();
        (RunId run, LoggedModelId model) = await FillAsync(store, ExperimentId.Default);
        Assert.Equal((2, 10_000), (Tailed(), StoredPoints()));

        await StoreFolder.WriteAsync(store, new RunUpdated(run) { Status = RunStatus.Finished });
        Assert.Equal((0, 10_000), (Tailed(), StoredPoints()));

        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(-7, 5)) { Model = model, DatasetName = "train" });
        Assert.Equal((2, 10_010), (Tailed(), StoredPoints()));
        await store.CompactAsync(Token);

        Assert.Equal((0, 10_010), (Tailed(), StoredPoints()));
        Assert.Empty(await CheckAsync(store));
    }

    [Theory]
    [InlineData("UPDATE series SET latest_step = latest_step + 1 WHERE owner_kind = 1", StoreFindingKind.Summary, "latest")]
    [InlineData("UPDATE series SET experiment = 1 WHERE owner_kind = 1", StoreFindingKind.Reference, "another experiment than its logged model")]
    [InlineData("UPDATE series SET owner = 77 WHERE owner_kind = 1", StoreFindingKind.Reference, "not there")]
    [InlineData("UPDATE series SET owner_kind = 2 WHERE owner_kind = 1", StoreFindingKind.Reference, "neither")]
    [InlineData("DELETE FROM chunk WHERE series = (SELECT id FROM series WHERE owner_kind = 1)", StoreFindingKind.Reference, "'coarse'")]
    [InlineData("DELETE FROM logged_model", StoreFindingKind.Reference, "'logged_model_param'")]
    [InlineData("UPDATE measurement SET run = 77", StoreFindingKind.Reference, "'measurement'")]
    [InlineData("UPDATE run_model_input SET model = 77", StoreFindingKind.Reference, "'run_model_input'")]
    [InlineData("UPDATE run_model_output SET run = 77", StoreFindingKind.Reference, "'run_model_output'")]
    [InlineData("UPDATE run_input_tag SET input = 77", StoreFindingKind.Reference, "'run_input_tag'")]
    [InlineData("UPDATE logged_model SET status = 9", StoreFindingKind.Storage, "status 9")]
    [InlineData("UPDATE logged_model SET lifecycle = 2", StoreFindingKind.Storage, "lifecycle 2")]
    [InlineData("UPDATE logged_model SET model_id = 'm-7'", StoreFindingKind.Storage, "an id that is none")]
    [InlineData("UPDATE logged_model SET name = '../up'", StoreFindingKind.Storage, "a name that is none")]
    public async Task Damage_is_found(string damage, StoreFindingKind kind, string says)
    {
        await using (SqliteTrackingStore store = _folder.Open())
        {
            await store.CreateExperimentAsync("other", null, Token);
            await FillAsync(store, ExperimentId.Default);
            Assert.Empty(await CheckAsync(store));
        }

        using (Connection connection = _folder.Connect())
            connection.Execute("PRAGMA foreign_keys=OFF; " + damage);

        await using SqliteTrackingStore damaged = _folder.Open();
        Assert.Contains(await CheckAsync(damaged), finding => finding.Kind == kind && finding.Message.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_question_or_change_reads_a_table_from_end_to_end()
    {
        List<RunId> runs = [];
        LoggedModelId model = default;
        await using (SqliteTrackingStore store = _folder.Open())
        {
            for (int i = 0; i < 20; i++)
            {
                (RunId run, model) = await FillAsync(store, (await store.CreateExperimentAsync($"e{i}", null, Token)).Id, points: 5);
                runs.Add(run);
            }
        }

        using Session session = new(Connection.Open(_folder.File, raw.SQLITE_OPEN_READWRITE));
        session.Connection.Execute("PRAGMA foreign_keys=ON");
        Assert.NotNull(session.LoggedModels.Find(model));
        Assert.Equal(2, session.LoggedModels.Find([new ExperimentId("3"), new ExperimentId("5")], Lifecycle.Active, Token).Count);
        Assert.Single(session.Datasets.Find([session.RunReader.Find(runs[0], 0)!.Info.ExperimentId], 7));
        session.LoggedModels.Change(model, new LoggedModelChange { Lifecycle = Lifecycle.Deleted }, 0);
        session.Points.EndTails(session.Runs.Get(runs[1]));
        session.Experiments.SetLifecycle(new ExperimentId("3"), Lifecycle.Deleted, 0);
        Assert.True(session.Experiments.Purge(new ExperimentId("3")));
        session.Runs.SetLifecycle(session.Runs.Get(runs[4]), Lifecycle.Deleted, 0);
        session.Purges.Begin([runs[4]]);
        session.Purges.Remove([runs[4]], 0, TimeSpan.FromSeconds(9));

        Assert.Equal(0, session.Connection.FullScanSteps);
        Assert.Equal((19, 19), (_folder.Count("logged_model"), _folder.Count("run")));
    }

    [Fact]
    public async Task Several_stores_on_one_file_write_to_one_model_and_lose_nothing()
    {
        SqliteTrackingStore[] stores = [_folder.Open(), _folder.Open(), _folder.Open()];
        (_, LoggedModelId model) = await FillAsync(stores[0], ExperimentId.Default);

        await Task.WhenAll(stores.Select((store, writer) => Task.Run(async () =>
        {
            RunId run = await StoreFolder.StartAsync(store);
            for (int i = 0; i < 30; i++)
            {
                await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(i, 1)) { Model = model, DatasetName = $"d{i % 3}" });
                await store.ChangeLoggedModelAsync(model, new LoggedModelChange { AddedParams = new Dictionary<string, string> { [$"{writer}-{i}"] = "v" } }, Token);
            }
        })));

        LoggedModel found = (await stores[1].FindLoggedModelAsync(model, Token))!;
        Assert.Equal(1 + 90, found.Params.Count);
        Assert.Equal(1 + 9, found.Metrics.Count);
        Assert.Empty(await CheckAsync(stores[2]));
        foreach (SqliteTrackingStore store in stores)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task A_page_of_models_is_answered_for_the_experiments_that_were_named_without_reading_points()
    {
        await using SqliteTrackingStore store = _folder.Open();
        (_, LoggedModelId model) = await FillAsync(store, ExperimentId.Default);
        using (Connection connection = _folder.Connect())
            connection.Execute("PRAGMA foreign_keys=OFF; DELETE FROM chunk; DELETE FROM tail; DELETE FROM coarse");

        LoggedModelQuery query = LoggedModelQuery.Parse("metrics.loss > 499", [ExperimentId.Default], "metrics.loss");
        Assert.Equal([model], (await store.FindLoggedModelsAsync(query, new PageRequest(), Token)).Items.Select(found => found.Id));
    }

    /// <summary>A run in an experiment of its own, and a model elsewhere that it measured, used and put out.</summary>
    private static async Task<(RunId Run, LoggedModelId Model)> FillAsync(SqliteTrackingStore store, ExperimentId experiment, int points = 5_000)
    {
        Dictionary<string, string> pair = new() { ["depth"] = "3" };
        LoggedModel model = await store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(), ExperimentId = experiment, Name = "trees", Params = pair, Tags = pair }, Token);
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(
            store,
            new PointsLogged(run, "loss", StoreFolder.Steps(0, points)) { Model = model.Id, DatasetName = "train" },
            new DatasetUsed(run, new DatasetInput { Name = "train", Digest = "d1", Tags = pair }),
            new ModelUsed(run, model.Id),
            new ModelProduced(run, new LoggedModelOutput(model.Id, 1)));
        return (run, model.Id);
    }

    private static async Task<List<StoreFinding>> CheckAsync(SqliteTrackingStore store)
    {
        List<StoreFinding> findings = [];
        await foreach (StoreFinding finding in store.CheckAsync(Token))
            findings.Add(finding);
        return findings;
    }

    private long Tailed() => Query("SELECT count(*) FROM series WHERE tail_count > 0");

    private long StoredPoints() => Query("SELECT (SELECT ifnull(sum(count), 0) FROM chunk) + (SELECT ifnull(sum(count), 0) FROM tail)");

    private long Query(string sql)
    {
        using Connection connection = _folder.Connect();
        return StoreFolder.QueryInt64(connection, sql);
    }
}
