namespace MLOps.Registry.Promotions;

/// <summary>A promotion is closed: it was applied or rejected.</summary>
/// <param name="id">The promotion.</param>
/// <param name="status">What became of it.</param>
public sealed class PromotionClosedException(Guid id, PromotionStatus status)
    : MLOpsException($"Promotion {id} is closed: it was {(status == PromotionStatus.Applied ? "applied" : "rejected")}. To promote again, propose again with ProposeAsync.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>What became of it.</summary>
    public PromotionStatus Status { get; } = status;
}
