using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Tests.Serving;

/// <summary>A store in memory that can be switched off, and counts its reads of the audit log's end.</summary>
internal sealed class SwitchedRegistryStore(InMemoryRegistryStore inner) : IRegistryStore
{
    private int _headReads;

    public bool IsAway { get; set; }

    public int HeadReads => Volatile.Read(ref _headReads);

    public RegistryCapabilities Capabilities => inner.Capabilities;

    public string Address => "memory:switched";

    private InMemoryRegistryStore Inner => IsAway ? throw new RegistryStoreException("The store is switched off.", isTransient: true) : inner;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => Inner.OpenAsync(cancellationToken);

    public ValueTask<CommitOutcome> CommitAsync(RegistryCommit commit, CancellationToken cancellationToken) => Inner.CommitAsync(commit, cancellationToken);

    public ValueTask<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken) => Inner.FindModelAsync(name, cancellationToken);

    public ValueTask<RegisteredModel?> FindModelAsync(Guid key, CancellationToken cancellationToken) => Inner.FindModelAsync(key, cancellationToken);

    public ValueTask<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken) => Inner.FindVersionAsync(model, number, cancellationToken);

    public ValueTask<ModelVersion?> FindVersionAsync(string model, string aliasName, CancellationToken cancellationToken) => Inner.FindVersionAsync(model, aliasName, cancellationToken);

    public ValueTask<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken) => Inner.FindLatestVersionsAsync(model, cancellationToken);

    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsInStageAsync(string model, ModelStage stage, CancellationToken cancellationToken) => Inner.FindVersionsInStageAsync(model, stage, cancellationToken);

    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken) => Inner.FindVersionsAsync(link, cancellationToken);

    public ValueTask<Page<RegisteredModel>> FindModelsAsync(RegisteredModelQuery query, PageRequest page, CancellationToken cancellationToken) => Inner.FindModelsAsync(query, page, cancellationToken);

    public ValueTask<Page<ModelVersion>> FindVersionsAsync(ModelVersionQuery query, PageRequest page, CancellationToken cancellationToken) => Inner.FindVersionsAsync(query, page, cancellationToken);

    public ValueTask<Promotion?> FindPromotionAsync(Guid id, CancellationToken cancellationToken) => Inner.FindPromotionAsync(id, cancellationToken);

    public ValueTask<IReadOnlyList<Promotion>> FindPromotionsAsync(Guid modelKey, PromotionStatus? status, CancellationToken cancellationToken) => Inner.FindPromotionsAsync(modelKey, status, cancellationToken);

    public ValueTask<AuditHead> GetAuditHeadAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _headReads);
        return Inner.GetAuditHeadAsync(cancellationToken);
    }

    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int most, CancellationToken cancellationToken) => Inner.ReadAuditAsync(after, most, cancellationToken);

    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(Guid modelKey, string? aliasName, long after, int most, CancellationToken cancellationToken) => Inner.ReadAuditAsync(modelKey, aliasName, after, most, cancellationToken);

    public ValueTask<IReadOnlyList<Guid>> FindModelKeysAsync(string name, CancellationToken cancellationToken) => Inner.FindModelKeysAsync(name, cancellationToken);

    public ValueTask<long?> TakeCursorAsync(string name, Guid holder, TimeSpan duration, CancellationToken cancellationToken) => Inner.TakeCursorAsync(name, holder, duration, cancellationToken);

    public ValueTask<bool> MoveCursorAsync(string name, Guid holder, long position, CancellationToken cancellationToken) => Inner.MoveCursorAsync(name, holder, position, cancellationToken);

    /// <summary>Stays open: several registries of a test share it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
