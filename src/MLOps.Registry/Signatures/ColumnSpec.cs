namespace MLOps.Registry.Signatures;

/// <summary>A column.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of its values.</param>
public sealed record ColumnSpec(string Name, ColumnType Type)
{
    /// <summary>Whether values may be missing. Default: no.</summary>
    public bool IsNullable { get; init; }

    /// <summary>The values that there are, in ordinal order; null when any value may be there. MLflow has no word for it, so that <c>MLmodel</c> files keep it apart.</summary>
    public IReadOnlyList<string>? Categories { get; init; }
}
