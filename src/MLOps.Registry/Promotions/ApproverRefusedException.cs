namespace MLOps.Registry.Promotions;

/// <summary>Somebody may not approve a promotion: they proposed it, registered the version, or have approved it already. Nothing has changed.</summary>
/// <param name="id">The promotion.</param>
/// <param name="actor">Who.</param>
/// <param name="explanation">Why, as a sentence.</param>
public sealed class ApproverRefusedException(Guid id, string actor, string explanation) : MLOpsException($"'{actor}' may not approve promotion {id}: {explanation}")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>Who.</summary>
    public string Actor { get; } = actor;
}
