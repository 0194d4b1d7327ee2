namespace MLOps.Registry.Promotions;

/// <summary>A promotion cannot be applied any more: what it was proposed for has changed.</summary>
/// <param name="id">The promotion.</param>
/// <param name="change">What has changed, as a sentence.</param>
public sealed class PromotionStaleException(Guid id, string change) : MLOpsException($"Promotion {id} cannot be applied any more. {change} Propose it again with ProposeAsync.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;
}
