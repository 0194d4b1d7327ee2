using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Audit;

/// <summary>A registry over a store that can lie, and a clock.</summary>
public abstract class AuditTest : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    private protected AuditTest()
    {
        Store = new InMemoryRegistryStore(Clock);
        Lies = new LyingStore(Store);
        Registry = ModelRegistry.Open(r => r.UseStore(_ => Lies, _folder.Path).UseTimeProvider(Clock).Configure(o => o.Origin = "example.com/models"));
    }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private protected InMemoryRegistryStore Store { get; }

    private protected LyingStore Lies { get; }

    private protected ModelRegistry Registry { get; }

    private protected string Folder => _folder.Path;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes events past the rules: the store takes what it is given.</summary>
    private protected async Task<Guid> CommitAsync(Guid? key, params RegistryEvent[] changes)
    {
        Guid model = key ?? Guid.CreateVersion7(Clock.GetUtcNow());
        long revision = (await Store.FindModelAsync(model, Cancel))?.Revision ?? 0;
        Assert.Equal(CommitOutcome.Committed, await Store.CommitAsync(new RegistryCommit { ModelKey = model, Revision = revision, Changes = changes, Actor = "ada", At = Clock.GetUtcNow() }, Cancel));
        return model;
    }

    private protected Task<Guid> CreateAsync(string name) => CommitAsync(null, new RegistryEvent.ModelCreated(name, null, new Dictionary<string, string>()));

    private protected static RegistryEvent.AliasMoved Move(string alias, int? from, int to) => new(alias, from, to, AliasCause.Set, null, null);

    /// <summary>A log of tags.</summary>
    private protected async Task FillAsync(int events)
    {
        Guid key = await CreateAsync("fraud");
        for (int i = 1; i < events; i++)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            await CommitAsync(key, new RegistryEvent.ModelTagSet("tag", i.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private protected async Task<List<AuditRecord>> LogAsync()
    {
        List<AuditRecord> log = [];
        while (await Store.ReadAuditAsync(log.Count, 10_000, Cancel) is { Count: > 0 } page)
            log.AddRange(page);
        return log;
    }

    /// <summary>The log as someone writes it who makes all hashes anew.</summary>
    private protected static List<AuditRecord> Rewrite(IEnumerable<AuditRecord> log)
    {
        AuditHead head = AuditHead.Empty;
        List<AuditRecord> rewritten = [];
        foreach (AuditEvent change in log.Select(record => record.Read()))
        {
            rewritten.Add(AuditRecord.After(head, change.At, change.ModelKey, change.Actor, change.Change));
            head = rewritten[^1].ToHead();
        }

        return rewritten;
    }
}
