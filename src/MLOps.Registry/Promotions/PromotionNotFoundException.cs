namespace MLOps.Registry.Promotions;

/// <summary>There is no promotion of an id.</summary>
/// <param name="id">The id.</param>
public sealed class PromotionNotFoundException(Guid id) : MLOpsException($"There is no promotion {id} in this registry, or its model is deleted. FindPromotionsAsync lists those that there are.")
{
    /// <summary>The id.</summary>
    public Guid Id { get; } = id;
}
