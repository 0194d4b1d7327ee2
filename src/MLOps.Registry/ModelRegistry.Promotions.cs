using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <content>Policies, promotions and rollback.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Guards an alias or a stage with a policy, in place of the one before.</summary>
    public Task SetPolicyAsync(string model, PromotionTarget target, PromotionPolicy policy, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Stops guarding an alias or a stage.</summary>
    public Task<bool> RemovePolicyAsync(string model, PromotionTarget target, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Proposes to promote a version. Where the policy asks for no approvals and its rules are met, the promotion is applied at once.</summary>
    public Task<Promotion> ProposeAsync(string model, int version, PromotionTarget target, IReadOnlyList<Evidence>? evidence = null, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Gives evidence for an open promotion, in place of earlier evidence of its name. Approvals given before do not count any more.</summary>
    public Task<Promotion> GiveEvidenceAsync(Guid promotion, Evidence evidence, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Approves a promotion as it was read. The approval that is the last to be needed applies it, in the same transaction.</summary>
    public Task<Promotion> ApproveAsync(Promotion promotion, string? comment = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Rejects an open promotion.</summary>
    public Task<Promotion> RejectAsync(Guid promotion, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Gets a promotion.</summary>
    public Task<Promotion> GetPromotionAsync(Guid promotion, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Finds the promotions of a model.</summary>
    public Task<IReadOnlyList<Promotion>> FindPromotionsAsync(string model, PromotionStatus? status = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Moves an alias back to the version that it pointed to before.</summary>
    public Task<ModelAlias> RollbackAsync(string model, string alias, int? expected = null, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");
}
