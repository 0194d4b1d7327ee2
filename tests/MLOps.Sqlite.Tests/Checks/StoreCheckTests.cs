using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Checks;

public sealed class StoreCheckTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("UPDATE chunk SET count = count - 1 WHERE id = 2", StoreFindingKind.Points, "chunk 2")]
    [InlineData("UPDATE chunk SET first_value = NULL WHERE id = 2", StoreFindingKind.Points, "chunk 2")]
    [InlineData("UPDATE chunk SET last_ms = last_ms + 1 WHERE id = 1", StoreFindingKind.Points, "chunk 1")]
    [InlineData("UPDATE chunk SET (count, first_step, first_ms, first_value, last_step, last_ms, last_value, points) = (SELECT count, first_step, first_ms, first_value, last_step, last_ms, last_value, points FROM chunk WHERE id = 1) WHERE id = 2; UPDATE coarse SET points = (SELECT points FROM coarse WHERE chunk = 1) WHERE chunk = 2", StoreFindingKind.Points, "overlap")]
    [InlineData("DELETE FROM coarse WHERE chunk = 1", StoreFindingKind.Summary, "coarse level is missing")]
    [InlineData("UPDATE coarse SET points = (SELECT points FROM coarse WHERE chunk = 2) WHERE chunk = 1", StoreFindingKind.Summary, "coarse level contradicts")]
    [InlineData("DELETE FROM chunk WHERE id = 2; DELETE FROM coarse WHERE chunk = 2", StoreFindingKind.Summary, "smallest value")]
    [InlineData("DELETE FROM tail", StoreFindingKind.Summary, "open tail, its latest point")]
    [InlineData("UPDATE tail SET count = count + 1 WHERE id = 1", StoreFindingKind.Points, "open tail")]
    [InlineData("UPDATE series SET tail_count = tail_count + 1", StoreFindingKind.Summary, "open tail")]
    [InlineData("UPDATE series SET latest_step = latest_step + 1", StoreFindingKind.Summary, "latest")]
    [InlineData("UPDATE series SET first_value = NULL", StoreFindingKind.Summary, "first")]
    [InlineData("UPDATE series SET last_ms = 0", StoreFindingKind.Summary, "last")]
    [InlineData("UPDATE series SET min_value = NULL", StoreFindingKind.Summary, "smallest")]
    [InlineData("UPDATE series SET max_value = 7", StoreFindingKind.Summary, "largest")]
    [InlineData("UPDATE series SET newest_ms = newest_ms + 1", StoreFindingKind.Summary, "newest")]
    [InlineData("UPDATE series SET experiment = 0", StoreFindingKind.Reference, "another experiment")]
    public async Task A_series_that_was_tampered_with_is_found_with_its_run_and_key(string damage, StoreFindingKind kind, string says)
    {
        RunId run = await FillAsync();
        Damage(damage);

        // Beside what is overlapped, the points that the copy replaced are missing from the summary.
        StoreFinding finding = Assert.Single(await CheckAsync(), finding => says != "overlap" || finding.Kind == StoreFindingKind.Points);
        Assert.Equal((kind, run, "loss"), (finding.Kind, finding.RunId, finding.Key));
        Assert.Contains(says, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE FROM key_name WHERE name = 'depth'", "'param'")]
    [InlineData("UPDATE run_input SET dataset = 77", "'run_input'")]
    [InlineData("INSERT INTO tail(series, count, points) SELECT 77, count, points FROM tail WHERE id = 1", "'tail'")]
    [InlineData("UPDATE coarse SET chunk = 77 WHERE chunk = 1; INSERT INTO coarse SELECT 1, points FROM coarse WHERE chunk = 77", "'coarse'")]
    [InlineData("INSERT INTO lease VALUES(1, x'00', NULL, 1)", "'lease'")]
    [InlineData("INSERT INTO experiment_tag SELECT 77, id, 'v' FROM key_name WHERE name = 'depth'", "'experiment_tag'")]
    public async Task What_refers_to_nothing_is_found(string damage, string says)
    {
        await FillAsync();
        Damage(damage);

        StoreFinding finding = Assert.Single(await CheckAsync());
        Assert.Equal(StoreFindingKind.Reference, finding.Kind);
        Assert.Contains(says, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE run SET lifecycle = 2", "nothing keeps its id")]
    [InlineData("UPDATE run SET lifecycle = 1", "no time of deletion")]
    [InlineData("UPDATE run SET deleted_ms = 5", "has a time of deletion")]
    [InlineData("UPDATE run SET lifecycle = 9", "unknown lifecycle 9")]
    [InlineData("INSERT INTO purged_run SELECT run_id FROM run", "among those of purged runs")]
    public async Task A_run_whose_lifecycle_contradicts_itself_is_found(string damage, string says)
    {
        RunId run = await FillAsync();
        Damage(damage);

        StoreFinding finding = Assert.Single(await CheckAsync());
        Assert.Equal((StoreFindingKind.Reference, run), (finding.Kind, finding.RunId));
        Assert.Contains(says, finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_series_of_a_run_that_is_gone_is_found()
    {
        await FillAsync();
        Damage("UPDATE series SET owner = 77");

        StoreFinding finding = Assert.Single(await CheckAsync());
        Assert.Equal((StoreFindingKind.Reference, null, "loss"), (finding.Kind, finding.RunId, finding.Key));
    }

    [Fact]
    public async Task A_key_that_no_store_takes_is_found()
    {
        await FillAsync();
        Damage("UPDATE key_name SET name = '../up' WHERE name = 'depth'");

        StoreFinding finding = Assert.Single(await CheckAsync());
        Assert.Equal((StoreFindingKind.Storage, "../up"), (finding.Kind, finding.Key));
    }

    [Property(MaxTest = 40)]
    public Property A_flipped_bit_in_any_stored_points_is_one_finding() => Prop.ForAll(
        (from table in Gen.Elements("chunk", "tail", "coarse")
         from row in Gen.Choose(0, int.MaxValue)
         from bit in Gen.Choose(0, int.MaxValue)
         select (table, row, bit)).ToArbitrary(),
        damage =>
        {
            RunId run = FillAsync().GetAwaiter().GetResult();
            FlipBit(damage.table, damage.row, damage.bit);
            StoreFinding finding = Assert.Single(CheckAsync().GetAwaiter().GetResult(), found => found.RunId == run);
            Damage("DELETE FROM tail; DELETE FROM coarse; DELETE FROM chunk; DELETE FROM series");
            return (finding.Kind, finding.Key) == (damage.table == "coarse" ? StoreFindingKind.Summary : StoreFindingKind.Points, "loss");
        });

    [Theory]
    [InlineData("param_by_value")]
    [InlineData("tag")]
    [InlineData("chunk")]
    [InlineData("series")]
    public async Task A_destroyed_page_is_a_finding_and_no_end_of_the_check(string of)
    {
        await FillAsync();
        DestroyRootPage(of);

        List<StoreFinding> findings = await CheckAsync();

        Assert.Contains(findings, finding => finding.Kind == StoreFindingKind.Storage);
    }

    [Fact]
    public async Task What_is_written_during_a_check_is_no_finding()
    {
        await using SqliteTrackingStore store = _folder.Open();
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        int written = 0;
        Task writing = Task.Run(
            async () =>
            {
                Random random = new(1);
                for (int round = 0; !enough.IsCancellationRequested; round++)
                {
                    RunId run = await StoreFolder.StartAsync(store);
                    for (int batch = 0; batch < 20; batch++)
                        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(random.Next(6_000), 1_500)));
                    await StoreFolder.WriteAsync(store, new RunUpdated(run) { Status = RunStatus.Finished });
                    await store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Token);
                    if (round % 2 == 0)
                    {
                        await store.BeginPurgeAsync([run], Token);
                        await store.EndPurgeAsync([run], Token);
                    }

                    Interlocked.Increment(ref written);
                }
            },
            Token);

        List<StoreFinding> findings = [];
        for (int check = 0; check < 10 || Volatile.Read(ref written) < 10; check++)
        {
            await foreach (StoreFinding finding in store.CheckAsync(Token))
                findings.Add(finding);
        }

        await enough.CancelAsync();
        await writing;
        Assert.Empty(findings);
    }

    private static readonly double[] Values = [0, 1.5, -2, double.NaN, double.PositiveInfinity];

    /// <summary>One run with two chunks and a tail of two parts.</summary>
    private async Task<RunId> FillAsync()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        MetricPoint[] points = [.. Enumerable.Range(0, 9_000).Select(step => new MetricPoint(step, 1_000 + step, Values[step % Values.Length] + (step == 7_000 ? -100 : 0)))];
        await StoreFolder.WriteAsync(
            store,
            new ParamLogged(run, "depth", "6"),
            new DatasetUsed(run, new DatasetInput { Name = "train", Digest = "d1" }),
            new PointsLogged(run, "loss", points.AsMemory(0, 2 * PointChunk.Capacity)));
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", points.AsMemory(2 * PointChunk.Capacity, 500)));
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", points.AsMemory(2 * PointChunk.Capacity + 500)));
        return run;
    }

    private async Task<List<StoreFinding>> CheckAsync()
    {
        await using SqliteTrackingStore store = _folder.Open();
        List<StoreFinding> findings = [];
        await foreach (StoreFinding finding in store.CheckAsync(Token))
            findings.Add(finding);
        return findings;
    }

    private void Damage(string sql)
    {
        using Connection connection = _folder.Connect();
        connection.Execute("PRAGMA foreign_keys=OFF; " + sql);
    }

    private void FlipBit(string table, int row, int bit)
    {
        using Connection connection = _folder.Connect();
        string key = table == "coarse" ? "chunk" : "id";
        using Statement find = connection.PrepareForOneUse($"SELECT {key}, points FROM {table} ORDER BY {key} LIMIT 1 OFFSET ? % (SELECT count(*) FROM {table})");
        Assert.True(find.With((long)row).Step());
        byte[] points = find.Blob(1).ToArray();
        bit %= 8 * points.Length;
        points[bit / 8] ^= (byte)(1 << (bit % 8));
        long number = find.Int64(0);
        find.Reset();
        using Statement update = connection.PrepareForOneUse($"UPDATE {table} SET points = ? WHERE {key} = ?");
        update.With(points).With(number).Run();
    }

    private void DestroyRootPage(string of)
    {
        long page, size;
        using (Connection connection = _folder.Connect())
        {
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            page = StoreFolder.QueryInt64(connection, $"SELECT rootpage FROM sqlite_schema WHERE name = '{of}'");
            size = StoreFolder.QueryInt64(connection, "PRAGMA page_size");
        }

        using FileStream file = File.OpenWrite(_folder.File);
        file.Position = (page - 1) * size;
        file.Write(Enumerable.Repeat((byte)0xAA, (int)size).ToArray());
    }
}
