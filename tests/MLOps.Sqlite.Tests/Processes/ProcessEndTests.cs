using System.IO.MemoryMappedFiles;
using MLOps.Tracking;

namespace MLOps.Sqlite.Tests.Processes;

/// <summary>What becomes of runs whose process is killed, interrupted or ends without a word.</summary>
public sealed class ProcessEndTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Database => _folder["mlops.db"];

    [Fact]
    public async Task Every_acknowledged_point_of_a_killed_process_is_found_and_its_run_is_killed()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int trial = 0; trial < TestLength.Of(5, 60); trial++)
        {
            (RunId id, long acknowledged) = await KillAsync("log", until: random.Next(1, 300_000));
            await using Tracker tracker = Open();
            MetricSeries loss = await tracker.GetSeriesAsync(id, "loss", Cancellation);
            // The last call may have been recorded without having returned.
            Assert.InRange(loss.Points.Count, acknowledged, acknowledged + 1);
            Assert.Equal(Enumerable.Range(0, loss.Points.Count).Select(i => (long)i), loss.Points.Select(p => p.Step));
            Assert.Equal(RunStatus.Killed, (await tracker.GetRunAsync(id, Cancellation)).Info.Status);
        }
    }

    [Fact]
    public async Task Every_acknowledged_line_of_a_killed_process_is_in_the_log_of_its_run()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int trial = 0; trial < TestLength.Of(3, 40); trial++)
        {
            (RunId id, long acknowledged) = await KillAsync("write", until: random.Next(1, 20_000));
            await using Tracker tracker = Open();
            RunDetails details = await tracker.GetRunAsync(id, Cancellation);
            Assert.Equal(RunStatus.Killed, details.Info.Status);
            using var log = new StreamReader(await tracker.OpenArtifacts(details.Info).OpenReadAsync("logs/run.log", Cancellation));
            string[] lines = (await log.ReadToEndAsync(Cancellation)).TrimEnd('\n').Split('\n');
            // The last call may have been recorded, in part even, without having returned.
            Assert.InRange(lines.Length, acknowledged, acknowledged + 1);
            for (int i = 0; i < acknowledged; i++)
                Assert.EndsWith($"info  Victim[0] line {i}", lines[i], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_terminated_run_is_killed_and_says_by_which_signal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "Signals are POSIX.");
        using VictimProcess victim = await VictimProcess.StartAsync("wait", Database);
        Assert.Equal(143, await victim.InterruptAsync());

        await using Tracker tracker = Open();
        RunDetails details = await tracker.GetRunAsync(victim.Run, Cancellation);
        Assert.Equal((RunStatus.Killed, "SIGTERM"), (details.Info.Status, details.Tags[WellKnownTags.Interrupted]));
        Assert.NotNull(details.Info.EndedAt);
    }

    [Fact]
    public async Task A_program_that_exits_without_ending_its_run_loses_nothing()
    {
        using VictimProcess victim = await VictimProcess.StartAsync("exit", Database);
        Assert.Equal(0, await victim.WaitAsync());

        await using Tracker tracker = Open();
        RunDetails details = await tracker.GetRunAsync(victim.Run, Cancellation);
        Assert.Equal(RunStatus.Killed, details.Info.Status);
        Assert.Equal(details.Metrics["cost/wall_seconds"].Value / 3600, details.Metrics["cost/total"].Value, 1e-12);
        Assert.Equal(["logs/run.log"], (await tracker.OpenArtifacts(details.Info).ListAsync(Cancellation)).Select(file => file.Path.Value).Where(path => path.StartsWith("logs/", StringComparison.Ordinal)));
        Assert.Equal(10, (await tracker.GetSeriesAsync(victim.Run, "loss", Cancellation)).Points.Count);
    }

    [Fact]
    public async Task A_run_of_a_living_process_is_in_use_until_the_process_is_killed_and_then_resumable_at_once()
    {
        using VictimProcess victim = await VictimProcess.StartAsync("wait", Database);
        await using Tracker tracker = Open();
        RunInUseException error = await Assert.ThrowsAsync<RunInUseException>(async () => await tracker.ResumeRunAsync(victim.Run, cancellationToken: Cancellation));
        Assert.Equal(victim.Id, error.Owner.ProcessId);
        Assert.Equal(RunStatus.Running, (await tracker.GetRunAsync(victim.Run, Cancellation)).Info.Status);
        await using (Run shared = await tracker.ResumeRunAsync(victim.Run, ResumeMode.Share, Cancellation))
            shared.LogMetric("shared", 1);

        await victim.KillAsync();
        await using Run resumed = await tracker.ResumeRunAsync(victim.Run, cancellationToken: Cancellation);
        resumed.LogMetric("loss", 10, 10);
        await resumed.EndAsync(cancellationToken: Cancellation);
        RunDetails details = await tracker.GetRunAsync(victim.Run, Cancellation);
        Assert.Equal((RunStatus.Finished, 10.0, 1.0), (details.Info.Status, details.Metrics["loss"].Value, details.Metrics["shared"].Value));
    }

    [Fact]
    public async Task Two_processes_that_resume_one_run_do_not_both_get_it()
    {
        RunId id;
        await using (Tracker first = Open())
        {
            Run run = await first.StartRunAsync("victims", cancellationToken: Cancellation);
            id = run.Id;
            await run.EndAsync(cancellationToken: Cancellation);
        }

        using VictimProcess holder = await VictimProcess.StartAsync("hold", Database, id.Value);
        await using Tracker second = Open();
        await Assert.ThrowsAsync<RunInUseException>(async () => await second.ResumeRunAsync(id, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Several_processes_write_one_file_and_all_of_it_is_there()
    {
        string[] counters = [_folder["c0"], _folder["c1"], _folder["c2"]];
        foreach (string counter in counters)
            await File.WriteAllBytesAsync(counter, new byte[sizeof(long)], Cancellation);
        VictimProcess[] victims = await Task.WhenAll(counters.Select(counter => VictimProcess.StartAsync("log", Database, counter)));
        foreach ((VictimProcess victim, string counter) in victims.Zip(counters))
        {
            using var file = MemoryMappedFile.CreateFromFile(counter, FileMode.Open, null, sizeof(long));
            using MemoryMappedViewAccessor count = file.CreateViewAccessor();
            while (count.ReadInt64(0) < 50_000)
                Thread.Yield();
        }

        foreach (VictimProcess victim in victims)
            await victim.KillAsync();
        await using Tracker tracker = Open();
        foreach ((VictimProcess victim, string counter) in victims.Zip(counters))
        {
            long acknowledged = BitConverter.ToInt64(await File.ReadAllBytesAsync(counter, Cancellation));
            Assert.InRange((await tracker.GetSeriesAsync(victim.Run, "loss", Cancellation)).Points.Count, acknowledged, acknowledged + 1);
            victim.Dispose();
        }
    }

    [Fact]
    public async Task The_journals_and_artifacts_of_a_database_lie_beside_it()
    {
        RunId id;
        await using (Tracker tracker = Open())
        {
            Run run = await tracker.StartRunAsync("victims", cancellationToken: Cancellation);
            id = run.Id;
            await run.LogTextAsync("a.txt", "x", Cancellation);
            Assert.Single(Directory.GetDirectories(_folder["mlops.journal"]));
            await run.EndAsync(cancellationToken: Cancellation);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder["mlops.journal"]));
        Assert.True(File.Exists(_folder[$"mlops.artifacts/{id}/artifacts/a.txt"]));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(RunId Run, long Acknowledged)> KillAsync(string mode, long until)
    {
        string counterFile = _folder[Guid.NewGuid().ToString("N")];
        await File.WriteAllBytesAsync(counterFile, new byte[sizeof(long)], Cancellation);
        using VictimProcess victim = await VictimProcess.StartAsync(mode, Database, counterFile);
        using var file = MemoryMappedFile.CreateFromFile(counterFile, FileMode.Open, null, sizeof(long));
        using MemoryMappedViewAccessor counter = file.CreateViewAccessor();
        while (counter.ReadInt64(0) < until)
            Thread.Yield();
        await victim.KillAsync();
        return (victim.Run, counter.ReadInt64(0));
    }

    private Tracker Open() => Tracker.Open(t => t.UseSqlite(Database).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));
}
