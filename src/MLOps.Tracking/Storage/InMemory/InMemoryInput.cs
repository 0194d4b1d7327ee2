using System.Collections.Immutable;

namespace MLOps.Tracking.Storage;

/// <summary>One use of a dataset by a run of the in-memory store.</summary>
/// <param name="Dataset">The dataset as it was first logged.</param>
/// <param name="Role">What for.</param>
internal sealed record InMemoryInput(DatasetInput Dataset, string? Role)
{
    public ImmutableDictionary<string, string> Tags { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public DatasetInput Read() => Dataset with { Role = Role, Tags = Tags };
}
