using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Storage;

/// <summary>Keeps registered models in memory, for tests: they end with the store. It can do all that a store can do.</summary>
/// <remarks>Safe for use from any thread.</remarks>
/// <param name="clock">The clock that ends the hold of cursors; the system's when null.</param>
public sealed class InMemoryRegistryStore(TimeProvider? clock = null) : IRegistryStore
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, InMemoryModel> _models = [];
    private readonly Dictionary<(Guid Key, int Number), long> _registered = [];
    private long _registrations;
    private readonly List<(string Name, Guid Key)> _names = [];
    private readonly List<AuditRecord> _audit = [];
    private readonly Dictionary<string, (long Position, Guid Holder, DateTimeOffset Until)> _cursors = new(StringComparer.Ordinal);
    private AuditHead _head = AuditHead.Empty;

    /// <inheritdoc/>
    public RegistryCapabilities Capabilities => RegistryCapabilities.AtomicCommit | RegistryCapabilities.Audit | RegistryCapabilities.Promotion | RegistryCapabilities.Cursors;

    /// <inheritdoc/>
    public string Address { get; } = $"memory:{Guid.NewGuid():N}";

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<CommitOutcome> CommitAsync(RegistryCommit commit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(commit);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return ValueTask.FromResult(Commit(commit));
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken) => Ask(() => Find(name)?.Model, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RegisteredModel?> FindModelAsync(Guid key, CancellationToken cancellationToken) => Ask(() => _models.GetValueOrDefault(key)?.Model, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken) => Ask(() => Find(model)?.FindVersion(number), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ModelVersion?> FindVersionAsync(string model, string aliasName, CancellationToken cancellationToken) =>
        Ask(() => Find(model) is { } found && found.Model.FindAlias(aliasName) is { } pointer ? found.FindVersion(pointer.Version) : null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken) =>
        Ask<IReadOnlyList<ModelVersion>>(() => [.. (Find(model)?.Versions ?? []).GroupBy(version => version.Stage).OrderBy(stage => stage.Key).Select(stage => stage.MaxBy(version => version.Number)!)], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsInStageAsync(string model, ModelStage stage, CancellationToken cancellationToken) =>
        Ask<IReadOnlyList<ModelVersion>>(() => [.. (Find(model)?.Versions ?? []).Where(version => version.Stage == stage)], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(link);
        return Ask<IReadOnlyList<ModelVersion>>(() => [.. AllVersions().Where(version => IsLinked(version.Facts, link)).OrderBy(version => _registered[(version.ModelKey, version.Number)])], cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Page<RegisteredModel>> FindModelsAsync(RegisteredModelQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return Ask(() => InMemoryRegistrySearch.Find(_models.Values.Select(model => model.Model), query, page), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Page<ModelVersion>> FindVersionsAsync(ModelVersionQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return Ask(() => InMemoryRegistrySearch.Find(AllVersions(), query, page), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Promotion?> FindPromotionAsync(Guid id, CancellationToken cancellationToken) =>
        Ask(() => _models.Values.Select(model => model.Promotions.GetValueOrDefault(id)).FirstOrDefault(promotion => promotion is not null), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Promotion>> FindPromotionsAsync(Guid modelKey, PromotionStatus? status, CancellationToken cancellationToken) =>
        Ask<IReadOnlyList<Promotion>>(() => [.. (_models.GetValueOrDefault(modelKey)?.Promotions.Values ?? Enumerable.Empty<Promotion>()).Where(promotion => status is null || promotion.Status == status)], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AuditHead> GetAuditHeadAsync(CancellationToken cancellationToken) => Ask(() => _head, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int most, CancellationToken cancellationToken)
    {
        CheckRange(after, most);
        return Ask<IReadOnlyList<AuditRecord>>(() => [.. _audit.Skip((int)Math.Min(after, int.MaxValue)).Take(most)], cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(Guid modelKey, string? aliasName, long after, int most, CancellationToken cancellationToken)
    {
        CheckRange(after, most);
        return Ask<IReadOnlyList<AuditRecord>>(() => [.. _audit.Skip((int)Math.Min(after, int.MaxValue)).Where(record => record.Read() is var change && change.ModelKey == modelKey && (aliasName is null || change.Change.MovedAlias == aliasName)).Take(most)], cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Guid>> FindModelKeysAsync(string name, CancellationToken cancellationToken) =>
        Ask<IReadOnlyList<Guid>>(() => [.. Enumerable.Reverse(_names).Where(entry => entry.Name == name).Select(entry => entry.Key).Distinct()], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long?> TakeCursorAsync(string name, Guid holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return Ask<long?>(() =>
        {
            DateTimeOffset now = _clock.GetUtcNow();
            if (!_cursors.TryGetValue(name, out (long Position, Guid Holder, DateTimeOffset Until) cursor))
                cursor.Position = _head.Count;
            else if (cursor.Holder != holder && cursor.Until > now)
                return null;
            _cursors[name] = (cursor.Position, holder, now + duration);
            return cursor.Position;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> MoveCursorAsync(string name, Guid holder, long position, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Ask(() =>
        {
            if (!_cursors.TryGetValue(name, out (long Position, Guid Holder, DateTimeOffset Until) cursor) || cursor.Holder != holder || cursor.Until <= _clock.GetUtcNow())
                return false;
            _cursors[name] = cursor with { Position = position };
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal static void CheckRange(long after, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, 10_000);
    }

    private static bool IsLinked(VersionFacts facts, LineageLink link) =>
        (link.RunId is { } run && facts.RunId == run)
        || (link.Parent is { } parent && (link.ParentKey is { } key ? facts.Parents.Zip(facts.ParentKeys).Any(made => made.First.Number == parent.Number && made.Second == key) : facts.Parents.Contains(parent)))
        || (link.DatasetDigest is { } digest && facts.Datasets.Any(dataset => dataset.Digest == digest))
        || (link.Commit is { } commit && facts.Code?.Commit == commit);

    private ValueTask<T> Ask<T>(Func<T> question, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return ValueTask.FromResult(question());
    }

    private InMemoryModel? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _models.Values.FirstOrDefault(model => model.Model.Name == name);
    }

    private IEnumerable<ModelVersion> AllVersions() => _models.Values.SelectMany(model => model.Versions);

    private CommitOutcome Commit(RegistryCommit commit)
    {
        _models.TryGetValue(commit.ModelKey, out InMemoryModel? model);
        if ((model?.Model.Revision ?? 0) != commit.Revision || (commit.Revision == 0 && commit.Changes is not [RegistryEvent.ModelCreated, ..]))
            return CommitOutcome.RevisionChanged;
        foreach (RegistryEvent change in commit.Changes)
        {
            string? name = change switch { RegistryEvent.ModelCreated created => created.Name, RegistryEvent.ModelRenamed renamed => renamed.To, _ => null };
            if (name is not null && Find(name) is { } other && other.Model.Key != commit.ModelKey)
                return CommitOutcome.NameTaken;
        }

        AuditHead head = _head;
        List<AuditRecord> records = [];
        InMemoryModel? changed = model;
        foreach (RegistryEvent change in commit.Changes)
        {
            AuditRecord record = AuditRecord.After(head, commit.At, commit.ModelKey, commit.Actor, change);
            head = record.ToHead();
            records.Add(record);
            changed = InMemoryModel.After(changed, change, commit.ModelKey, commit.Actor, head.At);
        }

        // Nothing has changed before here, and nothing fails from here on.
        if (changed is null)
            _models.Remove(commit.ModelKey);
        else
            _models[commit.ModelKey] = changed with { Model = changed.Model with { Revision = commit.Revision + 1 } };
        _names.AddRange(commit.Changes.Select(change => change switch { RegistryEvent.ModelCreated created => created.Name, RegistryEvent.ModelRenamed renamed => renamed.To, _ => null }).Where(name => name is not null).Select(name => (name!, commit.ModelKey)));
        foreach (RegistryEvent.VersionCreated created in commit.Changes.OfType<RegistryEvent.VersionCreated>())
            _registered[(commit.ModelKey, created.Number)] = _registrations++;
        _audit.AddRange(records);
        _head = head;
        return CommitOutcome.Committed;
    }
}
