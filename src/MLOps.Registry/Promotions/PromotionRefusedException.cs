namespace MLOps.Registry.Promotions;

/// <summary>A version does not meet the policy that guards where it is to be promoted. Nothing has changed.</summary>
/// <param name="version">The version.</param>
/// <param name="target">Where it was to be promoted.</param>
/// <param name="policy">The policy's name.</param>
/// <param name="failures">What it does not meet, a sentence each; at least one.</param>
public sealed class PromotionRefusedException(ModelVersionRef version, PromotionTarget target, string policy, IReadOnlyList<string> failures)
    : MLOpsException($"Policy '{policy}' refuses to promote {version} to {target}: {string.Join(" ", failures)}")
{
    /// <summary>The version.</summary>
    public ModelVersionRef Version { get; } = version;

    /// <summary>Where it was to be promoted.</summary>
    public PromotionTarget Target { get; } = target;

    /// <summary>The policy's name.</summary>
    public string Policy { get; } = policy;

    /// <summary>What it does not meet, a sentence each.</summary>
    public IReadOnlyList<string> Failures { get; } = failures;
}
