namespace MLOps.Tracking.Storage;

/// <summary>A stored chunk of metric points is damaged. No point of it was handed out.</summary>
/// <param name="damage">What is wrong with it.</param>
public sealed class ChunkCorruptException(string damage)
    : MLOpsException($"A stored chunk of metric points is damaged: {damage} Check the disk, then restore the store from a backup; other series are not affected.")
{
    /// <summary>What is wrong with the chunk.</summary>
    public string Damage { get; } = damage;
}
