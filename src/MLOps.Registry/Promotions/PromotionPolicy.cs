namespace MLOps.Registry.Promotions;

/// <summary>What must hold before a version is promoted. It guards an alias or a stage: nothing else moves that, but a rollback. Immutable.</summary>
/// <example><code>new PromotionPolicy { Name = "production", Metrics = [new("roc_auc") { AtLeast = 0.9, NotWorseThanChampion = true }], RequiredEvidence = ["drift"], Approvals = 2 }</code></example>
public sealed record PromotionPolicy
{
    /// <summary>The name, for messages and the audit log: 1 to 250 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Rules on the metrics of <see cref="VersionFacts.Metrics"/>. Default: none.</summary>
    public IReadOnlyList<MetricRule> Metrics { get; init; } = [];

    /// <summary>Whether callers of the version that is there now must be able to call the new one: see <see cref="Signatures.SignatureCompatibility"/>. Default: no.</summary>
    public bool RequireCompatibleSignature { get; init; }

    /// <summary>Tags that the version must have, each with its value, or null for any value. Default: none.</summary>
    public IReadOnlyDictionary<string, string?> RequiredTags { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string?>.Empty;

    /// <summary>The names of <see cref="Evidence"/> that must be there and have passed. Default: none.</summary>
    public IReadOnlyList<string> RequiredEvidence { get; init; } = [];

    /// <summary>How many people must approve, each of them neither who proposed nor who registered the version; 0 to 100. With 0, a proposal that meets the rules is applied at once. Default: 0.</summary>
    public int Approvals { get; init; }

    /// <summary>How long a proposal may be approved, 1 minute to 365 days. Default: 7 days.</summary>
    public TimeSpan ProposalLifetime { get; init; } = TimeSpan.FromDays(7);
}
