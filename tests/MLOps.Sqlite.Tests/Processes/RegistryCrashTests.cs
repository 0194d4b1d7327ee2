using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using Microsoft.Extensions.Time.Testing;
using static MLOps.Registry.Storage.RegistryEvent;

namespace MLOps.Sqlite.Tests.Processes;

/// <summary>What becomes of a registry whose user was killed while it registered, promoted, rolled back or deleted.</summary>
public sealed class RegistryCrashTests : IDisposable
{
    private const string Model = "fraud", Champion = "champion";
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_killed_anywhere_is_whole_or_absent()
    {
        int seed = Environment.TickCount, trials = TestLength.Of(12, 200);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int trial = 0; trial < trials; trial++)
        {
            using (VictimProcess victim = await VictimProcess.StartAsync("registry", _folder["mlops.db"], random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture)))
            {
                for (int left = random.Next(6); left > 0; left--)
                    _said.Add(await victim.ReadLineAsync());
                Thread.SpinWait(random.Next(2_000_000));
                await victim.KillAsync();

                // A line that was cut off says nothing.
                _said.AddRange(await victim.ReadRestAsync());
            }

            await AssertIsWholeAsync();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{trials} kills; acknowledged: {string.Join(", ", _said.GroupBy(line => line.Split(' ')[0]).Select(kind => $"{kind.Count()} {kind.Key}"))}");
        Assert.Contains(_said, line => line.StartsWith("promoted", StringComparison.Ordinal));
        await AssertOrphansGoAsync();
    }

    private async Task AssertIsWholeAsync()
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(_folder["mlops.db"]));
        AuditVerification verification = await registry.VerifyAuditAsync(cancellationToken: Cancellation);
        Assert.True(verification.IsIntact, verification.Problem);
        AuditEvent[] log = [.. await registry.FindAuditEventsAsync(cancellationToken: Cancellation).ToArrayAsync(Cancellation)];
        Assert.Equal(verification.Verified, log.Length);

        // The tables are what the log says.
        await using InMemoryRegistryStore replayed = new();
        foreach (AuditEvent entry in log)
        {
            long revision = (await replayed.FindModelAsync(entry.ModelKey, Cancellation))?.Revision ?? 0;
            Assert.Equal(CommitOutcome.Committed, await replayed.CommitAsync(new RegistryCommit { ModelKey = entry.ModelKey, Revision = revision, Changes = [entry.Change], Actor = entry.Actor, At = entry.At }, Cancellation));
        }

        Assert.Equal(await StateAsync(replayed), await StateAsync(registry.Store));

        // No half of a registration, a promotion or a deletion.
        if (await registry.FindModelAsync(Model, Cancellation) is not { } model)
            return;
        foreach (ModelVersion version in await registry.FindVersionsAsync(cancellationToken: Cancellation).ToArrayAsync(Cancellation))
        {
            Assert.Equal(ModelVersionStatus.Ready, version.Status);
            Assert.True(version.IsVerified);
            if (version.Number > model.LastNumber - 3)
                await registry.VerifyVersionAsync(Model, version.Number, Cancellation);
        }

        foreach (Promotion promotion in await registry.Store.FindPromotionsAsync(model.Key, status: null, Cancellation))
        {
            bool isMoved = log.Any(entry => entry.Change is AliasMoved { Promotion: { } by } && by == promotion.Id);
            Assert.Equal(promotion.Status == PromotionStatus.Applied, isMoved);
            Assert.Equal(isMoved ? 1 : 0, promotion.Approvals.Count);
        }

        // Nothing that was acknowledged is missing.
        foreach (string[] said in _said.Select(line => line.Split(' ')).Where(said => said.Length == 2 && said[1].Length > 0))
        {
            Assert.True(said[0] switch
            {
                "registered" => log.Any(entry => entry.Change is VersionCreated created && Same(created.Number, said[1])),
                "deleted" => log.Any(entry => entry.Change is VersionDeleted deleted && Same(deleted.Number, said[1])),
                "rolled-back" => log.Any(entry => entry.Change is AliasMoved { Cause: AliasCause.Rollback } moved && Same(moved.To, said[1])),
                "proposed" => log.Any(entry => entry.Change is PromotionProposed proposed && proposed.Promotion.Id.ToString() == said[1]),
                "promoted" => log.Any(entry => entry.Change is PromotionApplied applied && applied.Promotion.ToString() == said[1]),
                _ => false,
            }, $"'{string.Join(' ', said)}' was acknowledged and is not in the log.");
        }
    }

    private async Task AssertOrphansGoAsync()
    {
        FakeTimeProvider later = new(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(2));
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(_folder["mlops.db"]).UseTimeProvider(later));
        await registry.PurgeFilesAsync(TimeSpan.FromDays(1), Cancellation);
        ModelVersion[] versions = await registry.FindVersionsAsync(cancellationToken: Cancellation).ToArrayAsync(Cancellation);
        foreach (ModelVersion version in versions)
            await registry.VerifyVersionAsync(Model, version.Number, Cancellation);
        Assert.Equal(versions.Sum(version => version.Facts.Manifest!.Files.Count), Directory.EnumerateFiles(_folder["mlops.artifacts"], "*", SearchOption.AllDirectories).Count(file => !file.Contains("/.mlops/", StringComparison.Ordinal)));
    }

    private static bool Same(int number, string text) => text == number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string> StateAsync(IRegistryStore store)
    {
        if (await store.FindModelAsync(Model, Cancellation) is not { } model)
            return "none";
        List<string> lines = [$"{model.Name} {model.LastNumber} {string.Join(',', model.Policies.Keys)}"];
        lines.AddRange(model.Aliases.Select(alias => $"{alias.Name} {alias.Version} {string.Join(',', alias.Earlier)} {alias.MovedBy}"));
        for (int number = 1; number <= model.LastNumber; number++)
        {
            lines.Add(await store.FindVersionAsync(Model, number, Cancellation) is { } version
                ? $"{number} {version.Status} {version.IsVerified} {version.Stage} {version.User} {System.Text.Encoding.UTF8.GetString(RegistryJson.Write(version.Facts))}"
                : $"{number} none");
        }

        lines.AddRange((await store.FindPromotionsAsync(model.Key, status: null, Cancellation)).Select(promotion => System.Text.Encoding.UTF8.GetString(RegistryJson.Write(promotion))));
        return string.Join('\n', lines);
    }
}
