using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Promotions;
using MLOps.Registry.Signatures;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Promotions;

/// <summary>A registry on a store in memory whose actor and clock a test sets. Ada registers, Ben proposes, Cem and Dee approve.</summary>
public abstract class PromotionTestBase : IAsyncLifetime
{
    protected const string Model = "fraud", Ada = "ada", Ben = "ben", Cem = "cem", Dee = "dee";

    private readonly TestActor _actor = new();
    private readonly Lazy<ModelRegistry> _registry;

    protected PromotionTestBase()
    {
        Store = new InMemoryRegistryStore(Clock);
        _registry = new(() => Open(Store));
    }

    protected static PromotionTarget Champion { get; } = PromotionTarget.Alias("champion");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static Evidence Drift { get; } = new("drift", Passed: true, "sha256:1");

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected InMemoryRegistryStore Store { get; }

    protected TemporaryFolder Folder { get; } = new();

    protected ModelRegistry Registry => _registry.Value;

    protected string Actor { get => _actor.Name; set => _actor.Name = value; }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ModelRegistry Open(IRegistryStore store) => ModelRegistry.Open(r => r.UseStore(_ => store, Folder.Path).UseActors(_actor).UseTimeProvider(Clock));

    protected async Task<int> RegisterAsync(double? auc = null, IReadOnlyDictionary<string, string>? tags = null, ModelSignature? signature = null)
    {
        Actor = Ada;
        ModelVersion version = await Registry.RegisterAsync(
            Model,
            ModelContent.FromStream(new MemoryStream([1, 2, 3]), new ArtifactPath("weights.bin")),
            new RegisterOptions { Metrics = auc is { } value ? new Dictionary<string, double> { ["auc"] = value } : new Dictionary<string, double>(), Tags = tags ?? new Dictionary<string, string>(), Signature = signature },
            cancellationToken: Cancel);
        return version.Number;
    }

    protected async Task GuardAsync(PromotionPolicy policy, PromotionTarget? target = null)
    {
        Actor = "owner";
        await Registry.SetPolicyAsync(Model, target ?? Champion, policy, cancellationToken: Cancel);
    }

    protected async Task<Promotion> ProposeAsync(int version, PromotionTarget? target = null, params Evidence[] evidence)
    {
        Actor = Ben;
        return await Registry.ProposeAsync(Model, version, target ?? Champion, evidence, "better", Cancel);
    }

    protected async Task<Promotion> ApproveAsync(Promotion promotion, string by)
    {
        Actor = by;
        return await Registry.ApproveAsync(promotion, "fine", Cancel);
    }

    protected async Task<Promotion> GiveAsync(Promotion promotion, Evidence evidence)
    {
        Actor = "checker";
        return await Registry.GiveEvidenceAsync(promotion.Id, evidence, Cancel);
    }

    protected async Task<int?> ChampionAsync() => (await Registry.GetModelAsync(Model, Cancel)).FindAlias("champion")?.Version;

    /// <summary>Demands that an act is refused, and that it changes nothing, not even the audit log.</summary>
    protected async Task<T> RefusedAsync<T>(Func<Task> act, bool anyKind = false)
        where T : Exception
    {
        long before = (await Store.GetAuditHeadAsync(Cancel)).Count;
        T refusal = anyKind ? await Assert.ThrowsAnyAsync<T>(act) : await Assert.ThrowsAsync<T>(act);
        Assert.Equal(before, (await Store.GetAuditHeadAsync(Cancel)).Count);
        return refusal;
    }

    /// <summary>The events after the first ones.</summary>
    protected async Task<IReadOnlyList<RegistryEvent>> EventsAsync(long after) => [.. (await Store.ReadAuditAsync(after, 10_000, Cancel)).Select(record => record.Read().Change)];

    protected async Task<long> CountAsync() => (await Store.GetAuditHeadAsync(Cancel)).Count;

    protected async Task DamageAsync(int version)
    {
        ModelVersion found = await Registry.GetVersionAsync(Model, version, Cancel);
        await File.WriteAllBytesAsync(Path.Join(new Uri(found.Facts.Location).LocalPath, "weights.bin"), [1, 2, 4], Cancel);
    }

    private sealed class TestActor : IActorProvider
    {
        public string Name { get; set; } = Ada;

        public string GetActor() => Name;
    }
}
