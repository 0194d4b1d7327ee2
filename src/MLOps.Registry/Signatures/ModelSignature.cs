namespace MLOps.Registry.Signatures;

/// <summary>What a model takes and gives. Immutable; MLflow's model signature, with categories beside it.</summary>
public sealed record ModelSignature
{
    /// <summary>What the model takes; null when unknown.</summary>
    public SignatureSchema? Inputs { get; init; }

    /// <summary>What the model gives; null when unknown.</summary>
    public SignatureSchema? Outputs { get; init; }

    /// <summary>What can be set at each call, each with a default; none by default.</summary>
    public IReadOnlyList<ParamSpec> Params { get; init; } = [];
}
