namespace MLOps.Server.Tests.Faults;

/// <summary>The tool is killed with SIGKILL while eight clients write.</summary>
public sealed class KillTests
{
    private const int Writers = 8;

    [Fact]
    public async Task What_was_answered_is_there_after_a_kill_and_nothing_is_there_in_part()
    {
        int kills = TestLength.Of(5, 100), seed = TestSeed.Value;
        Random random = new(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"MLOPS_TEST_SEED={seed}");
        string folder = Directory.CreateTempSubdirectory("mlops-kill-").FullName;
        KillWriter[] writers = [.. Enumerable.Range(0, Writers).Select(number => new KillWriter(number, random.Next()))];
        await using (ServerProcess first = await ServerProcess.StartAsync(folder))
        {
            foreach (KillWriter writer in writers)
                await writer.BeginAsync(first.Client);
        }

        for (int kill = 0; kill < kills; kill++)
        {
            await WriteUntilKilledAsync(folder, writers, afterWrites: random.Next(1, 400));
            await using ServerProcess restarted = await ServerProcess.StartAsync(folder);
            await Task.WhenAll(writers.Select(writer => writer.VerifyAsync(restarted.Client)));
            // Some are stopped as they should be.
            if (kill % 3 == 2)
                Assert.Equal(0, await restarted.StopAsync());
        }

        await using (Tracker tracker = Tracker.Open(t => t.UseSqlite(Path.Join(folder, "mlops.db")).UseArtifactProxy(Path.Join(folder, "mlartifacts"))))
        {
            CheckReport report = await tracker.CheckAsync(new CheckOptions { Artifacts = true }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Empty(report.Findings);
            Assert.Empty(report.Skipped);
            TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills, {writers.Sum(writer => writer.Answered)} writes answered, {report.ArtifactFiles} files verified by their hashes, {report.UnverifiedFiles} killed before their hash was written down.");
            Assert.Equal(writers.Sum(writer => writer.Files), report.ArtifactFiles + report.UnverifiedFiles);
            Assert.True(report.UnverifiedFiles <= kills * Writers);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task WriteUntilKilledAsync(string folder, KillWriter[] writers, int afterWrites)
    {
        await using ServerProcess server = await ServerProcess.StartAsync(folder);
        TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int answered = 0;
        Task[] writing = [.. writers.Select(writer => writer.WriteAsync(server.Client, () =>
        {
            if (Interlocked.Increment(ref answered) == afterWrites)
                enough.SetResult();
        }))];
        // A writer that fails ends before the kill.
        await Task.WhenAny([enough.Task, .. writing]);
        await server.KillAsync();
        await Task.WhenAll(writing);
        Assert.True(answered >= afterWrites);
    }
}
