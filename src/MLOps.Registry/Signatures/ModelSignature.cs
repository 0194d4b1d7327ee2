namespace MLOps.Registry.Signatures;

/// <summary>What a model takes and gives. Immutable; MLflow's model signature, with categories beside it. Two are equal when all that they say is equal, in order.</summary>
/// <remarks><see cref="SignatureCompatibility"/> says whether callers of one can call another.</remarks>
public sealed record ModelSignature
{
    /// <summary>What the model takes; null when unknown.</summary>
    public SignatureSchema? Inputs { get; init; }

    /// <summary>What the model gives; null when unknown.</summary>
    public SignatureSchema? Outputs { get; init; }

    /// <summary>What can be set at each call, each with a default; none by default.</summary>
    public IReadOnlyList<ParamSpec> Params { get; init; } = [];

    /// <inheritdoc/>
    public bool Equals(ModelSignature? other) => other is not null && Equals(Inputs, other.Inputs) && Equals(Outputs, other.Outputs) && Params.SequenceEqual(other.Params);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Inputs, Outputs, Params.Count);
}
