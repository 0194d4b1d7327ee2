namespace MLOps.Registry.Promotions;

/// <summary>A policy guards what a call would have moved, removed or lost.</summary>
/// <param name="model">The model's name.</param>
/// <param name="target">What is guarded.</param>
/// <param name="policy">The policy's name.</param>
public sealed class PromotionRequiredException(string model, PromotionTarget target, string policy)
    : MLOpsException($"Policy '{policy}' guards {target} of model '{model}': only a promotion moves it. Propose one with ProposeAsync, go back with RollbackAsync, or remove the policy first with RemovePolicyAsync.")
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>What is guarded.</summary>
    public PromotionTarget Target { get; } = target;

    /// <summary>The policy's name.</summary>
    public string Policy { get; } = policy;
}
