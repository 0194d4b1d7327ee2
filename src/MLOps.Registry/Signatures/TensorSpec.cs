namespace MLOps.Registry.Signatures;

/// <summary>A tensor.</summary>
/// <param name="Name">The name; null for the only one of its schema.</param>
/// <param name="Dtype">The type of its elements by numpy's name, for example <c>float32</c>, <c>int64</c>, <c>bool</c>, <c>str</c>.</param>
/// <param name="Shape">The sizes, -1 where any size may be: <c>[-1, 784]</c> is (batch, features).</param>
public sealed record TensorSpec(string? Name, string Dtype, IReadOnlyList<long> Shape)
{
    /// <inheritdoc/>
    public bool Equals(TensorSpec? other) => other is not null && Name == other.Name && Dtype == other.Dtype && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Dtype, Shape.Count);
}
