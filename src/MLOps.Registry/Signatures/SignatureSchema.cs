using System.Text.Json.Serialization;

namespace MLOps.Registry.Signatures;

/// <summary>One side of a signature: named columns, or tensors. Exactly one of the two lists has entries.</summary>
public sealed record SignatureSchema
{
    /// <summary>The columns; empty for a schema of tensors.</summary>
    public IReadOnlyList<ColumnSpec> Columns { get; init; } = [];

    /// <summary>The tensors; empty for a schema of columns.</summary>
    public IReadOnlyList<TensorSpec> Tensors { get; init; } = [];

    /// <summary>Whether it is made of tensors.</summary>
    [JsonIgnore]
    public bool IsTensors => Tensors.Count > 0;
}
