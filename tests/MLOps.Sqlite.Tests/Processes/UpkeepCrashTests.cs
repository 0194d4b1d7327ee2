using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using SQLitePCL;

namespace MLOps.Sqlite.Tests.Processes;

/// <summary>What becomes of a store whose purge or compaction was killed in the middle.</summary>
public sealed class UpkeepCrashTests : IDisposable
{
    private const int Runs = 16, Points = 60_000, Files = 4, ChunksPerRun = (Points + PointChunk.Capacity - 1) / PointChunk.Capacity;

    private readonly TemporaryFolder _folder = new();
    private readonly List<RunId> _kept = [];
    private readonly List<RunId> _deleted = [];
    private readonly Random _random;

    public UpkeepCrashTests()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        _random = new Random(seed);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Database => _folder["work/mlops.db"];

    private string Artifacts => _folder["work/mlops.artifacts"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_purge_that_is_killed_anywhere_is_ended_by_the_next_one_and_takes_nothing_else_along()
    {
        await FillAsync();
        for (int trial = 0; trial < TestLength.Of(4, 40); trial++)
        {
            Restore();
            using (VictimProcess victim = await VictimProcess.StartAsync("purge", Database))
            {
                // Half of the time while it deletes artifacts, half of the time while it removes rows.
                int left = _random.Next(_deleted.Count);
                if (trial % 2 == 0)
                    await ReachAsync(() => _deleted.Count(run => Directory.Exists(Path.Combine(Artifacts, run.Value))) <= left);
                else
                    await ReachAsync(() => Count("SELECT count(*) FROM run WHERE lifecycle = 1") == 0 && Count("SELECT count(*) FROM chunk") <= (_kept.Count + left) * ChunksPerRun);
                Thread.SpinWait(_random.Next(300_000));
                await victim.KillAsync();
            }

            TestContext.Current.TestOutputHelper!.WriteLine(
                $"killed with {Count("SELECT count(*) FROM run WHERE lifecycle = 2")} purges begun, {Directory.GetDirectories(Artifacts).Length - _kept.Count} folders and {Count("SELECT count(*) FROM chunk")} chunks left");
            await using Tracker tracker = Open();
            Assert.Empty((await tracker.CheckAsync(cancellationToken: Cancellation)).Findings);
            PurgeReport report = await tracker.PurgeAsync(cancellationToken: Cancellation);

            Assert.Empty(report.Skipped);
            Assert.Empty(await tracker.Store.FindPurgingAsync(1, Cancellation));
            foreach (RunId gone in _deleted)
            {
                Assert.Null(await tracker.Store.FindRunAsync(gone, Cancellation));
                Assert.False(Directory.Exists(Path.Combine(Artifacts, gone.Value)));
            }

            Assert.Equal(_deleted.Count, Count("SELECT count(*) FROM purged_run"));
            await AssertKeptIsWholeAsync(tracker);
        }
    }

    [Fact]
    public async Task A_compaction_that_is_killed_anywhere_has_happened_or_has_not()
    {
        await FillAsync();
        await using (Tracker tracker = Open())
            await tracker.PurgeAsync(cancellationToken: Cancellation);
        for (int trial = 0; trial < TestLength.Of(4, 40); trial++)
        {
            using (VictimProcess victim = await VictimProcess.StartAsync("compact", Database))
            {
                for (int rounds = _random.Next(3); rounds > 0; rounds--)
                    await victim.ReadLineAsync();
                Thread.SpinWait(_random.Next(3_000_000));
                await victim.KillAsync();
            }

            await using Tracker tracker = Open();
            await AssertKeptIsWholeAsync(tracker);
        }

        await using Tracker last = Open();
        long before = Count("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
        Assert.True((await last.CompactAsync(Cancellation)).BytesAfter <= before);
        Assert.Equal(0, Count("PRAGMA freelist_count"));
        await AssertKeptIsWholeAsync(last);
    }

    private static double ValueAt(int step, int run) => Math.Sin(step * 1.37 + run);

    private Tracker Open() => Tracker.Open(t => t.UseSqlite(Database).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));

    private async Task FillAsync()
    {
        await using (Tracker tracker = Open())
        {
            for (int i = 0; i < Runs; i++)
            {
                RunId id = await tracker.RunAsync(
                    "churn",
                    async run =>
                    {
                        run.LogParam("number", i);
                        Metric loss = run.Metric("loss");
                        for (int step = 0; step < Points; step++)
                            loss.Log(ValueAt(step, i), step);
                        for (int file = 0; file < Files; file++)
                            await run.LogTextAsync($"folder{file % 3}/{file}.txt", $"{i} {file}", Cancellation);
                        return run.Id;
                    },
                    cancellationToken: Cancellation);
                (i % 2 == 0 ? _kept : _deleted).Add(id);
            }

            foreach (RunId id in _deleted)
                await tracker.DeleteRunAsync(id, Cancellation);
        }

        Copy(_folder["work"], _folder["template"]);
    }

    private void Restore()
    {
        Directory.Delete(_folder["work"], recursive: true);
        Copy(_folder["template"], _folder["work"]);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    private static async Task ReachAsync(Func<bool> reached)
    {
        while (!reached())
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private long Count(string sql)
    {
        using Connection connection = Connection.Open(Database, raw.SQLITE_OPEN_READWRITE);
        connection.Execute("PRAGMA busy_timeout=10000");
        return StoreFolder.QueryInt64(connection, sql);
    }

    private async Task AssertKeptIsWholeAsync(Tracker tracker)
    {
        CheckReport report = await tracker.CheckAsync(new CheckOptions { Artifacts = true }, cancellationToken: Cancellation);
        Assert.Empty(report.Findings);
        Assert.Empty(report.Skipped);
        foreach (RunId id in _kept)
        {
            RunDetails run = await tracker.GetRunAsync(id, Cancellation);
            int number = int.Parse(run.Params["number"], System.Globalization.CultureInfo.InvariantCulture);
            MetricSeries loss = await tracker.GetSeriesAsync(id, "loss", Cancellation);
            Assert.True(loss.Points.Select(point => (point.Step, point.Value)).SequenceEqual(Enumerable.Range(0, Points).Select(step => ((long)step, ValueAt(step, number)))));
            Assert.Equal(Files, (await tracker.OpenArtifacts(run.Info).ListAsync(Cancellation)).Count);
        }
    }
}
