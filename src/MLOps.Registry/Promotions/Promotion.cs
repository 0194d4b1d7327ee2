using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Promotions;

/// <summary>A proposal to move an alias or a stage to a version, as it was when it was read. Immutable.</summary>
public sealed record Promotion
{
    /// <summary>What identifies it: a version 7 UUID.</summary>
    public required Guid Id { get; init; }

    /// <summary>The <see cref="RegisteredModel.Key"/> of the model.</summary>
    public required Guid ModelKey { get; init; }

    /// <summary>The number of the version that is to be promoted.</summary>
    public required int Version { get; init; }

    /// <summary>What is to be moved.</summary>
    public required PromotionTarget Target { get; init; }

    /// <summary>The version that was there when it was proposed; null when there was none. When another one is there by now, it cannot be applied any more.</summary>
    public int? Champion { get; init; }

    /// <summary>The <see cref="ModelManifest.Digest"/> of the version's files; null when nobody has read them.</summary>
    public string? ContentDigest { get; init; }

    /// <summary>The policy, as it was when it was proposed. When another one guards the target by now, it cannot be applied any more.</summary>
    public required PromotionPolicy Policy { get; init; }

    /// <summary>Why it was proposed.</summary>
    public string? Reason { get; init; }

    /// <summary>Who proposed it.</summary>
    public required string ProposedBy { get; init; }

    /// <summary>When it was proposed, to the millisecond.</summary>
    public required DateTimeOffset ProposedAt { get; init; }

    /// <summary>From when on it cannot be applied any more, nor approved or given evidence.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The evidence, the last one of each name, in ordinal order of the names.</summary>
    public IReadOnlyList<Evidence> Evidence { get; init; } = [];

    /// <summary>Who approved, in the order of time. Those whose digest is not <see cref="Digest"/> approved other evidence and do not count.</summary>
    public IReadOnlyList<PromotionApproval> Approvals { get; init; } = [];

    /// <summary>Where it stands.</summary>
    public PromotionStatus Status { get; init; }

    /// <summary>Who applied or rejected it; null while it is open.</summary>
    public string? ClosedBy { get; init; }

    /// <summary>When it was applied or rejected; null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Why it was rejected; null otherwise.</summary>
    public string? CloseReason { get; init; }

    /// <summary>What an approver approves: the SHA-256, as 64 lower-case hex digits, over the version, its content, the target, the champion, the policy and the evidence. Evidence that changes changes it.</summary>
    [JsonIgnore]
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n',
        [
            $"{ModelKey}/{Version}", ContentDigest ?? "", Target.ToString(), Champion?.ToString(CultureInfo.InvariantCulture) ?? "",
            Convert.ToHexStringLower(SHA256.HashData(RegistryJson.Write(Policy))),
            .. Evidence.Select(evidence => Convert.ToHexStringLower(SHA256.HashData(RegistryJson.Write(evidence)))),
        ]))));

    /// <summary>Those who approved what <see cref="Digest"/> stands for, each once.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> ValidApprovers
    {
        get
        {
            string digest = Digest;
            return [.. Approvals.Where(approval => approval.Digest == digest).Select(approval => approval.Actor).Distinct(StringComparer.Ordinal)];
        }
    }

    /// <summary>What its policy still asks for that others must bring: evidence that is missing or did not pass, and approvals. Phrases such as <c>evidence 'drift' is missing</c>; none when nothing is left, or when it is closed.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> WaitsFor
    {
        get
        {
            if (Status != PromotionStatus.Open)
                return [];
            List<string> waits = [.. Policy.RequiredEvidence
                .Where(name => !Evidence.Any(evidence => evidence.Name == name && evidence.Passed))
                .Select(name => Evidence.Any(evidence => evidence.Name == name) ? $"evidence '{name}' did not pass" : $"evidence '{name}' is missing")];
            int approvers = Policy.Approvals == 0 ? 0 : ValidApprovers.Count;
            if (approvers < Policy.Approvals)
                waits.Add(string.Create(CultureInfo.InvariantCulture, $"{Policy.Approvals - approvers} of {Policy.Approvals} approvals {(Policy.Approvals - approvers == 1 ? "is" : "are")} missing"));
            return waits;
        }
    }

    /// <summary>Whether it is open and its time is over.</summary>
    /// <param name="time">The moment that is asked about.</param>
    /// <returns>True from <see cref="ExpiresAt"/> on.</returns>
    public bool IsExpiredAt(DateTimeOffset time) => Status == PromotionStatus.Open && time >= ExpiresAt;

    /// <summary>For stores: the promotion after an event that names it.</summary>
    /// <param name="change">The event; one that speaks of something else changes nothing.</param>
    /// <param name="actor">Who caused it.</param>
    /// <param name="at">When.</param>
    /// <returns>The promotion.</returns>
    public Promotion After(RegistryEvent change, string actor, DateTimeOffset at) => change switch
    {
        RegistryEvent.EvidenceGiven given when given.Promotion == Id =>
            this with { Evidence = [.. Evidence.Where(evidence => evidence.Name != given.Evidence.Name).Append(given.Evidence).OrderBy(evidence => evidence.Name, StringComparer.Ordinal)] },
        RegistryEvent.PromotionApproved approved when approved.Promotion == Id => this with { Approvals = [.. Approvals, new PromotionApproval(actor, at, approved.Digest, approved.Comment)] },
        RegistryEvent.PromotionRejected rejected when rejected.Promotion == Id => this with { Status = PromotionStatus.Rejected, ClosedBy = actor, ClosedAt = at, CloseReason = rejected.Reason },
        RegistryEvent.PromotionApplied applied when applied.Promotion == Id => this with { Status = PromotionStatus.Applied, ClosedBy = actor, ClosedAt = at },
        _ => this,
    };
}
