namespace MLOps.Registry.Promotions;

/// <summary>A promotion is not what its approver has read: evidence was given since. Nothing has changed; read it again and decide again.</summary>
/// <param name="id">The promotion.</param>
/// <param name="expected">The <see cref="Promotion.Digest"/> that was read.</param>
/// <param name="actual">The digest that it has.</param>
public sealed class PromotionChangedException(Guid id, string expected, string actual)
    : MLOpsException($"Promotion {id} has digest {actual}, not {expected} as it was read: evidence was given since. Read it again with GetPromotionAsync and decide again.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>The digest that was read.</summary>
    public string Expected { get; } = expected;

    /// <summary>The digest that it has.</summary>
    public string Actual { get; } = actual;
}
