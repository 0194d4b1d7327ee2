using MLOps.Registry;

namespace MLOps.Sqlite.Tests.Processes;

/// <summary>What becomes of a model cache that several processes fill, use and empty at once while some are killed.</summary>
public sealed class ModelCacheCrashTests : IDisposable
{
    private const int Versions = 6, FileBytes = 300_000, Processes = 3;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nobody_gets_half_a_model_whoever_is_killed()
    {
        int seed = Environment.TickCount, kills = TestLength.Of(6, 60);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(_folder["mlops.db"]).Configure(o => (o.CacheFolder, o.CacheBytes) = (_folder["cache"], 1 << 20)));
        for (int version = 1; version <= Versions; version++)
        {
            byte[] content = new byte[FileBytes];
            random.NextBytes(content);
            using MemoryStream stream = new(content);
            await registry.RegisterAsync("fraud", ModelContent.FromStream(stream, "weights.bin"), cancellationToken: Cancellation);
        }

        // Three of six versions fit, so that every process fills and empties all the time.
        List<string> said = [];
        List<VictimProcess> victims = [];
        try
        {
            for (int i = 0; i < Processes; i++)
                victims.Add(await StartAsync());
            for (int kill = 0; kill < kills; kill++)
            {
                VictimProcess victim = victims[kill % Processes];
                for (int lines = random.Next(1, 20); lines > 0; lines--)
                    said.Add(await victim.ReadLineAsync());
                Thread.SpinWait(random.Next(1_000_000));
                await victim.KillAsync();
                said.AddRange(await victim.ReadRestAsync());
                victim.Dispose();
                victims[kill % Processes] = await StartAsync();
            }
        }
        finally
        {
            foreach (VictimProcess victim in victims)
                victim.Dispose();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {said.Count} models read");
        Assert.DoesNotContain(said, line => line.StartsWith("bad", StringComparison.Ordinal));
        for (int version = 1; version <= Versions; version++)
        {
            using ModelFiles files = await registry.ResolveAsync(ModelUri.OfVersion("fraud", version), cancellationToken: Cancellation);
            Assert.Equal(FileBytes, new FileInfo(files.GetPath("weights.bin")).Length);
        }

        Task<VictimProcess> StartAsync() => VictimProcess.StartAsync("resolve", _folder["mlops.db"], string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_folder["cache"]}|{random.Next()}"));
    }
}
