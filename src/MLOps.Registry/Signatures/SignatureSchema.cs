using System.Text.Json.Serialization;

namespace MLOps.Registry.Signatures;

/// <summary>One side of a signature: columns, or tensors. Exactly one of the two lists has entries. Two are equal when their entries are equal, in order.</summary>
/// <remarks><see cref="SignatureInference"/> makes one from samples.</remarks>
public sealed record SignatureSchema
{
    /// <summary>The columns; empty for a schema of tensors.</summary>
    public IReadOnlyList<ColumnSpec> Columns { get; init; } = [];

    /// <summary>The tensors; empty for a schema of columns.</summary>
    public IReadOnlyList<TensorSpec> Tensors { get; init; } = [];

    /// <summary>Whether it is made of tensors.</summary>
    [JsonIgnore]
    public bool IsTensors => Tensors.Count > 0;

    /// <inheritdoc/>
    public bool Equals(SignatureSchema? other) => other is not null && Columns.SequenceEqual(other.Columns) && Tensors.SequenceEqual(other.Tensors);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Columns.Count, Columns is [var column, ..] ? column : null, Tensors.Count, Tensors is [var tensor, ..] ? tensor : null);
}
