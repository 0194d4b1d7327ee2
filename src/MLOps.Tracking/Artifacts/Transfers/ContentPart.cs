namespace MLOps.Tracking.Artifacts.Transfers;

/// <summary>A part of content that is being uploaded.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Offset">Where it begins, in bytes from where the content stood.</param>
/// <param name="Bytes">Its bytes, valid until the task that was given them ends.</param>
/// <param name="IsLast">Whether no part follows.</param>
public readonly record struct ContentPart(int Number, long Offset, ReadOnlyMemory<byte> Bytes, bool IsLast);
