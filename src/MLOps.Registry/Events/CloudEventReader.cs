using System.Globalization;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Events;

/// <summary>Makes cloud events of the records of an audit log, in order. Not safe for use from two threads at once.</summary>
/// <param name="store">The store.</param>
/// <param name="source">The registry's name for itself.</param>
/// <param name="tag">What ids begin with.</param>
internal sealed class CloudEventReader(IRegistryStore store, string source, string tag)
{
    private const int MostNames = 10_000;
    private readonly Dictionary<Guid, string> _names = [];

    public async ValueTask<CloudEvent> ReadAsync(AuditRecord record, CancellationToken cancellationToken)
    {
        AuditEvent change = record.Read();
        string name = await NameAsync(change, cancellationToken).ConfigureAwait(false);
        string model = $"models/{Uri.EscapeDataString(name)}";
        return new CloudEvent
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{tag}/{record.Sequence}"),
            Source = source,
            Type = CloudEvent.TypeOf(record.Json.Span),
            Subject = PartOf(change.Change) is { } part ? $"{model}/{part}" : model,
            Event = change,
            Data = record.Json,
        };
    }

    private static string? PartOf(RegistryEvent change) => change switch
    {
        RegistryEvent.VersionCreated version => Version(version.Number),
        RegistryEvent.VersionVerified version => Version(version.Number),
        RegistryEvent.VersionDescribed version => Version(version.Number),
        RegistryEvent.VersionTagSet version => Version(version.Number),
        RegistryEvent.VersionTagDeleted version => Version(version.Number),
        RegistryEvent.VersionStageChanged version => Version(version.Number),
        RegistryEvent.VersionDeleted version => Version(version.Number),
        RegistryEvent.AliasMoved alias => $"aliases/{alias.Alias}",
        RegistryEvent.AliasRemoved alias => $"aliases/{alias.Alias}",
        RegistryEvent.PolicySet { Target.AliasName: { } alias } => $"aliases/{alias}",
        RegistryEvent.PolicyRemoved { Target.AliasName: { } alias } => $"aliases/{alias}",
        RegistryEvent.PromotionProposed proposed => Version(proposed.Promotion.Version),
        _ => null,
    };

    private static string Version(int number) => string.Create(CultureInfo.InvariantCulture, $"versions/{number}");

    private async ValueTask<string> NameAsync(AuditEvent change, CancellationToken cancellationToken)
    {
        string? name = change.Change switch
        {
            RegistryEvent.ModelCreated created => created.Name,
            RegistryEvent.ModelRenamed renamed => renamed.To,
            RegistryEvent.ModelDeleted deleted => deleted.Name,
            _ => _names.GetValueOrDefault(change.ModelKey) ?? await FindNameAsync(change, cancellationToken).ConfigureAwait(false),
        };
        if (_names.Count >= MostNames)
            _names.Clear();
        return _names[change.ModelKey] = name;
    }

    /// <summary>The name that a model had at an event: what the next renaming or the deletion says that it was, else the name that it has.</summary>
    private async ValueTask<string> FindNameAsync(AuditEvent change, CancellationToken cancellationToken)
    {
        const int Most = 1000;
        RegisteredModel? model = await store.FindModelAsync(change.ModelKey, cancellationToken).ConfigureAwait(false);
        long after = change.Sequence;
        IReadOnlyList<AuditRecord> page;
        do
        {
            page = await store.ReadAuditAsync(change.ModelKey, null, after, Most, cancellationToken).ConfigureAwait(false);
            foreach (AuditRecord record in page)
            {
                if (record.IsOf("model.renamed"u8) && record.Read().Change is RegistryEvent.ModelRenamed renamed)
                    return renamed.From;
                if (record.IsOf("model.deleted"u8) && record.Read().Change is RegistryEvent.ModelDeleted deleted)
                    return deleted.Name;
                after = record.Sequence;
            }
        }
        while (page.Count == Most);

        return model?.Name ?? throw new InvalidDataException($"The audit log has event {change.Sequence} of a model that is neither there nor deleted. VerifyAuditAsync and VerifyAliasesAsync tell more.");
    }
}
