namespace MLOps.Tracking.Storage;

/// <summary>What became of a batch.</summary>
/// <param name="Rejections">The refused records in the order of their indexes; empty when all was applied.</param>
public sealed record AppendResult(IReadOnlyList<Rejection> Rejections)
{
    /// <summary>All was applied.</summary>
    public static AppendResult Applied { get; } = new([]);
}
