using System.Globalization;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Promotions;

/// <summary>What must hold before a version is promoted. It guards an alias or a stage: nothing else moves that, but a rollback. Immutable.</summary>
/// <remarks>Whatever it asks for, the files of a version must have the hashes that were written down when it was registered.</remarks>
/// <example><code>new PromotionPolicy { Name = "production", Metrics = [new("roc_auc") { AtLeast = 0.9, NotWorseThanChampion = true }], RequiredEvidence = ["drift"], Approvals = 2 }</code></example>
public sealed record PromotionPolicy
{
    private const int MostApprovals = 100;
    private static readonly TimeSpan s_shortestLifetime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestLifetime = TimeSpan.FromDays(365);

    /// <summary>The name, for messages and the audit log: 1 to 250 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Rules on the metrics of <see cref="VersionFacts.Metrics"/>. Default: none.</summary>
    public IReadOnlyList<MetricRule> Metrics { get; init; } = [];

    /// <summary>Whether callers of the version that is there now must be able to call the new one: see <see cref="Signatures.SignatureCompatibility"/>. Holds when no version is there; broken when the signature of either is unknown. Default: no.</summary>
    public bool RequireCompatibleSignature { get; init; }

    /// <summary>Tags that the version must have, each with its value, or null for any value. Default: none.</summary>
    public IReadOnlyDictionary<string, string?> RequiredTags { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string?>.Empty;

    /// <summary>The names of <see cref="Evidence"/> that must be there and have passed, each 1 to 250 characters and there once. Other evidence is kept and judged by approvers alone. Default: none.</summary>
    public IReadOnlyList<string> RequiredEvidence { get; init; } = [];

    /// <summary>How many people must approve, each of them neither who proposed nor who registered the version; 0 to 100. With 0, a proposal that meets the rules is applied at once. Default: 0.</summary>
    public int Approvals { get; init; }

    /// <summary>How long a proposal may be approved, 1 minute to 365 days. Default: 7 days.</summary>
    public TimeSpan ProposalLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A copy that nobody else can change, in one form: tags in ordinal order, so that equal policies are equal bytes.</summary>
    /// <exception cref="ArgumentException">Something in it is out of its range.</exception>
    internal static PromotionPolicy Checked(PromotionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(policy.Metrics, nameof(policy));
        ArgumentNullException.ThrowIfNull(policy.RequiredTags, nameof(policy));
        ArgumentNullException.ThrowIfNull(policy.RequiredEvidence, nameof(policy));
        RegistryLimits.CheckName(policy.Name, "The name of a policy", nameof(policy));
        if (policy.Approvals is < 0 or > MostApprovals)
            throw new ArgumentOutOfRangeException(nameof(policy), policy.Approvals, string.Create(CultureInfo.InvariantCulture, $"A policy asks for 0 to {MostApprovals} approvals."));
        if (policy.ProposalLifetime < s_shortestLifetime || policy.ProposalLifetime > s_longestLifetime)
            throw new ArgumentOutOfRangeException(nameof(policy), policy.ProposalLifetime, "A proposal lives for 1 minute to 365 days.");
        MetricRule[] metrics = [.. policy.Metrics];
        foreach (MetricRule rule in metrics)
        {
            ArgumentNullException.ThrowIfNull(rule, nameof(policy));
            if (rule.Error is { } error)
                throw new ArgumentException(error, nameof(policy));
        }

        string[] evidence = [.. policy.RequiredEvidence];
        foreach (string name in evidence)
            RegistryLimits.CheckName(name, "The name of evidence", nameof(policy));
        if (evidence.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(names => names.Count() > 1) is { } twice)
            throw new ArgumentException($"Evidence '{twice.Key}' is asked for twice.", nameof(policy));
        SortedDictionary<string, string?> tags = new(StringComparer.Ordinal);
        foreach ((string key, string? value) in policy.RequiredTags)
        {
            RegistryLimits.CheckTag(key, value ?? "", nameof(policy));
            tags[key] = value;
        }

        return policy with { Metrics = metrics, RequiredEvidence = evidence, RequiredTags = tags.AsReadOnly() };
    }

    /// <summary>Whether both ask for the same, to the letter.</summary>
    internal bool IsSameAs(PromotionPolicy other) => RegistryJson.Write(this).AsSpan().SequenceEqual(RegistryJson.Write(other));
}
