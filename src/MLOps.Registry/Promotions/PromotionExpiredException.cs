namespace MLOps.Registry.Promotions;

/// <summary>The time of a promotion is over: nobody can approve it any more.</summary>
/// <param name="id">The promotion.</param>
/// <param name="expiredAt">When its time was over.</param>
public sealed class PromotionExpiredException(Guid id, DateTimeOffset expiredAt)
    : MLOpsException($"Promotion {id} expired at {expiredAt:yyyy-MM-dd'T'HH:mm:ss'Z'}. Propose it again with ProposeAsync, or give its policy a longer ProposalLifetime first.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>When its time was over.</summary>
    public DateTimeOffset ExpiredAt { get; } = expiredAt;
}
