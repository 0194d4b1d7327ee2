namespace MLOps.Registry.Signatures;

/// <summary>A column. Two are equal when all that they say is equal.</summary>
/// <param name="Name">The name; empty in a schema whose columns are told apart by their places alone.</param>
/// <param name="Type">The type of its values.</param>
public sealed record ColumnSpec(string Name, ColumnType Type)
{
    /// <summary>Whether values may be missing. Default: no.</summary>
    public bool IsNullable { get; init; }

    /// <summary>The values that there are, in ordinal order; null when any value may be there. MLflow has no word for it, so that <c>MLmodel</c> files keep it apart.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <inheritdoc/>
    public bool Equals(ColumnSpec? other) =>
        other is not null && Name == other.Name && Type == other.Type && IsNullable == other.IsNullable
        && (Categories is null ? other.Categories is null : other.Categories is not null && Categories.SequenceEqual(other.Categories, StringComparer.Ordinal));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Type, IsNullable, Categories?.Count);
}
