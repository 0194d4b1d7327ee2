namespace MLOps.Registry.Promotions;

/// <summary>A promotion is not what its approver read: evidence was given meanwhile.</summary>
/// <param name="id">The promotion.</param>
/// <param name="expected">The <see cref="Promotion.Digest"/> that the approver read.</param>
/// <param name="actual">The one that it has now.</param>
public sealed class PromotionChangedException(Guid id, string expected, string actual)
    : MLOpsException($"Promotion {id} has changed since it was read: its digest was {expected} and is {actual}. Read it again with GetPromotionAsync, look at its evidence, and decide again.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>The digest that the approver read.</summary>
    public string Expected { get; } = expected;

    /// <summary>The digest that it has now.</summary>
    public string Actual { get; } = actual;
}
