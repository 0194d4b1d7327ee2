namespace MLOps.Registry;

/// <content>Lineage and cards.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Walks from a version to what it was made from, and to what was made from it.</summary>
    public Task<LineageGraph> GetLineageAsync(string model, int number, int depth = 10, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");
}
