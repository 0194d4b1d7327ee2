namespace MLOps.Registry.Promotions;

/// <summary>Somebody may not approve a promotion; somebody else may. Nothing has changed.</summary>
/// <param name="id">The promotion.</param>
/// <param name="actor">Who wanted to approve.</param>
/// <param name="refusal">Why they may not.</param>
public sealed class ApprovalRefusedException(Guid id, string actor, ApprovalRefusal refusal)
    : MLOpsException($"'{actor}' cannot approve promotion {id}: {Describe(refusal)} Somebody else must.")
{
    /// <summary>The promotion.</summary>
    public Guid Id { get; } = id;

    /// <summary>Who wanted to approve.</summary>
    public string Actor { get; } = actor;

    /// <summary>Why they may not.</summary>
    public ApprovalRefusal Refusal { get; } = refusal;

    private static string Describe(ApprovalRefusal refusal) => refusal switch
    {
        ApprovalRefusal.IsProposer => "they proposed it.",
        ApprovalRefusal.IsRegistrant => "they registered the version.",
        _ => "they have approved it already.",
    };
}
