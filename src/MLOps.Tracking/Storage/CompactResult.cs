namespace MLOps.Tracking.Storage;

/// <summary>What compacting a store won.</summary>
/// <param name="BytesBefore">How much the store took on its disk before, in bytes; 0 where it has none.</param>
/// <param name="BytesAfter">How much it takes now.</param>
public sealed record CompactResult(long BytesBefore, long BytesAfter);
