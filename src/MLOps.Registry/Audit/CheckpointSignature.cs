namespace MLOps.Registry.Audit;

/// <summary>A signature of a checkpoint, which may be right or wrong: ask a <see cref="CheckpointVerifier"/>.</summary>
/// <param name="Name">The name of the key.</param>
/// <param name="KeyId">The id of the key.</param>
/// <param name="Value">The signature.</param>
public sealed record CheckpointSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Value);
