using MLOps.Registry.Storage;

namespace MLOps.Registry.Audit;

/// <summary>What the aliases of all models are by the audit log, read from it event by event.</summary>
internal sealed class AliasReplay(IRegistryStore store)
{
    private const int PageLength = 10_000;
    private readonly Dictionary<Guid, Dictionary<string, (int? Version, long Sequence)>> _models = [];
    private long _count;

    /// <summary>The models that have had aliases and are not deleted.</summary>
    public IEnumerable<Guid> Models => _models.Keys;

    /// <summary>Reads on to the end of the log.</summary>
    public async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<AuditRecord> page;
        do
        {
            page = await store.ReadAuditAsync(_count, PageLength, cancellationToken).ConfigureAwait(false);
            foreach (AuditRecord record in page)
            {
                if (record.IsOf("alias."u8))
                    Apply(record.Read());
                else if (record.IsOf("model.deleted"u8))
                    _models.Remove(AuditRecord.ModelKeyIn(record.Content.Span));
                _count = record.Sequence;
            }
        }
        while (page.Count == PageLength);
    }

    /// <summary>Compares the aliases of a model with what the store has.</summary>
    /// <param name="key">The model's key.</param>
    /// <param name="model">The model; null when the store has none.</param>
    public IEnumerable<AliasDiscrepancy> Compare(Guid key, RegisteredModel? model)
    {
        Dictionary<string, (int? Version, long Sequence)> logged = _models.GetValueOrDefault(key) ?? new(StringComparer.Ordinal);
        foreach (string alias in logged.Keys.Union(model?.Aliases.Select(alias => alias.Name) ?? [], StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            (int? version, long sequence) = logged.GetValueOrDefault(alias);
            int? stored = model?.FindAlias(alias)?.Version;
            if (stored != version)
                yield return new AliasDiscrepancy(key, model?.Name, alias, stored, version, sequence == 0 ? null : sequence);
        }
    }

    private void Apply(AuditEvent change)
    {
        if (!_models.TryGetValue(change.ModelKey, out Dictionary<string, (int? Version, long Sequence)>? aliases))
            _models[change.ModelKey] = aliases = new(StringComparer.Ordinal);
        if (change.Change is RegistryEvent.AliasMoved moved)
            aliases[moved.Alias] = (moved.To, change.Sequence);
        else if (change.Change is RegistryEvent.AliasRemoved removed)
            aliases[removed.Alias] = (null, change.Sequence);
    }
}
