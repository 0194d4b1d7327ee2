using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Schema;
using MLOps.Tracking;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Sqlite.Tests.Schema;

public sealed class MigrationsTests : IDisposable
{
    private static readonly NewStore Store = new(1_000, "file:///artifacts");

    private static readonly IReadOnlyList<Action<Connection, NewStore>> OneStepMore =
        [.. Migrations.Steps, (connection, _) => connection.Execute("CREATE TABLE added(id INTEGER PRIMARY KEY)")];

    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_older_store_takes_only_the_steps_it_lacks()
    {
        using Connection connection = _folder.Connect();
        Assert.Equal(0, Apply(connection, Migrations.Steps));

        Assert.Equal(Migrations.Steps.Count, Apply(connection, OneStepMore));

        Assert.Equal(OneStepMore.Count, Apply(connection, OneStepMore));
        Assert.Equal(OneStepMore.Count, StoreFolder.QueryInt64(connection, "PRAGMA user_version"));
        Assert.Equal(1, StoreFolder.QueryInt64(connection, "SELECT count(*) FROM experiment"));
        Assert.Equal(0, StoreFolder.QueryInt64(connection, "SELECT count(*) FROM added"));
    }

    [Fact]
    public async Task A_store_from_before_logged_models_keeps_what_it_has_and_takes_them()
    {
        const string Id = "0199f0c0ffee70008000000000000001";
        using (Connection connection = _folder.Connect())
        {
            Apply(connection, [.. Migrations.Steps.Take(5)]);
            connection.Execute($"""
                INSERT INTO run(id, run_id, experiment, name, user, status, started_ms, newest_ms, artifact_location, lifecycle) VALUES(1, '{Id}', 0, 'old', 'me', 1, 1000, 1000, 'file:///a', 0);
                INSERT INTO dataset(id, experiment, name, digest, source_type, source) VALUES(1, 0, 'wine', 'd1', 'local', '');
                INSERT INTO run_input(id, run, dataset, role) VALUES(1, 1, 1, 'training');
                """);
            Assert.Equal(5, StoreFolder.QueryInt64(connection, "PRAGMA user_version"));
        }

        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = new(Id);
        LoggedModel model = await store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(), ExperimentId = ExperimentId.Default, Name = "trees" }, cancellation);
        await StoreFolder.WriteAsync(
            store,
            new TrackingRecord.PointsLogged(run, "loss", StoreFolder.Steps(0, 3)) { Model = model.Id },
            new TrackingRecord.DatasetUsed(run, new DatasetInput { Name = "wine", Digest = "d1", Role = "training", Tags = new Dictionary<string, string> { ["split"] = "1" } }));

        Assert.Equal([new DatasetSummary(ExperimentId.Default, "wine", "d1", "training")], await store.FindDatasetsAsync([ExperimentId.Default], 9, cancellation));
        Assert.Equal("1", Assert.Single((await store.FindRunAsync(run, cancellation))!.Datasets).Tags["split"]);
        Assert.Equal(run, Assert.Single((await store.FindLoggedModelAsync(model.Id, cancellation))!.Metrics).RunId);
        await foreach (StoreFinding finding in store.CheckAsync(cancellation))
            Assert.Fail(finding.Message);
        using Connection after = _folder.Connect();
        Assert.Equal(Migrations.Steps.Count, StoreFolder.QueryInt64(after, "PRAGMA user_version"));
    }

    [Fact]
    public void A_step_that_fails_leaves_the_store_as_it_was()
    {
        using Connection connection = _folder.Connect();
        Apply(connection, Migrations.Steps);

        Assert.Throws<SqliteErrorException>(() => Apply(connection, [.. OneStepMore, (c, _) => c.Execute("CREATE TABLE added(id INTEGER)")]));

        Assert.Equal(Migrations.Steps.Count, StoreFolder.QueryInt64(connection, "PRAGMA user_version"));
        Assert.Equal(0, StoreFolder.QueryInt64(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'added'"));
        Assert.False(connection.InTransaction);
    }

    [Fact]
    public void A_newer_store_is_refused_by_fewer_steps()
    {
        using Connection connection = _folder.Connect();
        Apply(connection, OneStepMore);

        Assert.Throws<StoreVersionException>(() => Apply(connection, Migrations.Steps));
    }

    [Fact]
    public async Task Many_stores_that_open_a_new_file_at_once_make_it_once()
    {
        SqliteTrackingStore[] stores = [.. Enumerable.Range(0, 8).Select(_ => _folder.Open())];

        await Task.WhenAll(stores.Select(store => store.GetCursorAsync(Guid.NewGuid(), TestContext.Current.CancellationToken).AsTask()));

        foreach (SqliteTrackingStore store in stores)
            await store.DisposeAsync();
        Assert.Equal(1, _folder.Count("experiment"));
    }

    [Fact]
    public async Task Connections_that_open_a_new_file_at_once_without_a_common_queue_make_it_once()
    {
        // As several processes do: nothing but SQLite's lock stands between them.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            using Connection connection = _folder.Connect();
            connection.Execute("PRAGMA busy_timeout=30000");
            Apply(connection, Migrations.Steps);
        })));

        Assert.Equal(1, _folder.Count("experiment"));
    }

    private int Apply(Connection connection, IReadOnlyList<Action<Connection, NewStore>> steps) => Migrations.Apply(connection, _folder.File, steps, Store);
}
