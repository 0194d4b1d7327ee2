using System.Globalization;

namespace MLOps.Registry.Promotions;

/// <summary>A version does not meet what a promotion asks for. Nothing has changed.</summary>
/// <param name="model">The model's name.</param>
/// <param name="version">The version.</param>
/// <param name="target">Where it was to be promoted to.</param>
/// <param name="policy">The policy's name.</param>
/// <param name="failures">What does not hold, each a sentence with what is asked for and what is there; at least one.</param>
public sealed class PromotionRefusedException(string model, int version, PromotionTarget target, string policy, IReadOnlyList<string> failures)
    : MLOpsException(string.Create(CultureInfo.InvariantCulture, $"Version {version} of model '{model}' is not promoted to {target} under policy '{policy}': {string.Join(' ', failures)}"))
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The version.</summary>
    public int Version { get; } = version;

    /// <summary>Where it was to be promoted to.</summary>
    public PromotionTarget Target { get; } = target;

    /// <summary>The policy's name.</summary>
    public string Policy { get; } = policy;

    /// <summary>What does not hold, each a sentence.</summary>
    public IReadOnlyList<string> Failures { get; } = failures;
}
