namespace MLOps.Registry.Promotions;

/// <summary>A promotion takes no evidence, approval or rejection any more. Nothing has changed; propose the version again if it is still to be promoted.</summary>
/// <param name="id">The promotion.</param>
/// <param name="reason">Why.</param>
/// <param name="explanation">The same, as a sentence.</param>
public sealed class PromotionClosedException(Guid id, PromotionClosedReason reason, string explanation) : MLOpsException($"Promotion {id} is closed: {explanation} ProposeAsync begins another one.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>Why.</summary>
    public PromotionClosedReason Reason { get; } = reason;
}
