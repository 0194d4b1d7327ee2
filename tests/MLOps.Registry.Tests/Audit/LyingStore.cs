using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Tests.Audit;

/// <summary>A store whose audit log and tables say what a test wants.</summary>
internal sealed class LyingStore(InMemoryRegistryStore inner) : IRegistryStore
{
    /// <summary>The log in place of the real one; null for that.</summary>
    public IReadOnlyList<AuditRecord>? Log { get; set; }

    /// <summary>The end in place of the real one; null for that.</summary>
    public AuditHead? Head { get; set; }

    /// <summary>Changes a model on its way out of the tables.</summary>
    public Func<RegisteredModel, RegisteredModel?> Distort { get; set; } = model => model;

    /// <summary>Called before each read of the log.</summary>
    public Func<Task> BeforeRead { get; set; } = () => Task.CompletedTask;

    /// <summary>Called before each move of a cursor.</summary>
    public Action BeforeMove { get; set; } = () => { };

    public RegistryCapabilities Capabilities => inner.Capabilities;

    public string Address => "memory:lies";

    public ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public ValueTask<CommitOutcome> CommitAsync(RegistryCommit commit, CancellationToken cancellationToken) => inner.CommitAsync(commit, cancellationToken);

    public async ValueTask<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken) => await inner.FindModelAsync(name, cancellationToken) is { } model ? Distort(model) : null;

    public async ValueTask<RegisteredModel?> FindModelAsync(Guid key, CancellationToken cancellationToken) => await inner.FindModelAsync(key, cancellationToken) is { } model ? Distort(model) : null;

    public ValueTask<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken) => inner.FindVersionAsync(model, number, cancellationToken);

    public ValueTask<ModelVersion?> FindVersionAsync(string model, string aliasName, CancellationToken cancellationToken) => inner.FindVersionAsync(model, aliasName, cancellationToken);

    public ValueTask<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken) => inner.FindLatestVersionsAsync(model, cancellationToken);

    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsInStageAsync(string model, ModelStage stage, CancellationToken cancellationToken) => inner.FindVersionsInStageAsync(model, stage, cancellationToken);

    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken) => inner.FindVersionsAsync(link, cancellationToken);

    public async ValueTask<Page<RegisteredModel>> FindModelsAsync(RegisteredModelQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        Page<RegisteredModel> found = await inner.FindModelsAsync(query, page, cancellationToken);
        return found with { Items = [.. found.Items.Select(Distort).OfType<RegisteredModel>()] };
    }

    public ValueTask<Page<ModelVersion>> FindVersionsAsync(ModelVersionQuery query, PageRequest page, CancellationToken cancellationToken) => inner.FindVersionsAsync(query, page, cancellationToken);

    public ValueTask<Promotion?> FindPromotionAsync(Guid id, CancellationToken cancellationToken) => inner.FindPromotionAsync(id, cancellationToken);

    public ValueTask<IReadOnlyList<Promotion>> FindPromotionsAsync(Guid modelKey, PromotionStatus? status, CancellationToken cancellationToken) => inner.FindPromotionsAsync(modelKey, status, cancellationToken);

    public async ValueTask<AuditHead> GetAuditHeadAsync(CancellationToken cancellationToken) => Head ?? await inner.GetAuditHeadAsync(cancellationToken);

    public async ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int most, CancellationToken cancellationToken)
    {
        await BeforeRead();

        // As a table does: by the place that a row says it has.
        return Log is null ? await inner.ReadAuditAsync(after, most, cancellationToken) : [.. Log.Where(record => record.Sequence > after).Take(most)];
    }

    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(Guid modelKey, string? aliasName, long after, int most, CancellationToken cancellationToken) => inner.ReadAuditAsync(modelKey, aliasName, after, most, cancellationToken);

    public ValueTask<IReadOnlyList<Guid>> FindModelKeysAsync(string name, CancellationToken cancellationToken) => inner.FindModelKeysAsync(name, cancellationToken);

    public ValueTask<long?> TakeCursorAsync(string name, Guid holder, TimeSpan duration, CancellationToken cancellationToken) => inner.TakeCursorAsync(name, holder, duration, cancellationToken);

    public async ValueTask<bool> MoveCursorAsync(string name, Guid holder, long position, CancellationToken cancellationToken)
    {
        BeforeMove();
        return await inner.MoveCursorAsync(name, holder, position, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
