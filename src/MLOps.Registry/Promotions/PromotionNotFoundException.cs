namespace MLOps.Registry.Promotions;

/// <summary>There is no promotion of an id, or its model was deleted.</summary>
/// <param name="id">The promotion.</param>
public sealed class PromotionNotFoundException(Guid id) : MLOpsException($"There is no promotion {id}. Its model may have been deleted; FindPromotionsAsync lists those that there are.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;
}
