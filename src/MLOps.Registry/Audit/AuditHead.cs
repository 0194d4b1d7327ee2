namespace MLOps.Registry.Audit;

/// <summary>The end of an audit log. Immutable.</summary>
/// <param name="Count">How many events it has; also the sequence number of the last one.</param>
/// <param name="Hash">The SHA-256 of the last event, 32 bytes; 32 zeros for an empty log.</param>
/// <param name="At">When the last event was written; 1970-01-01 for an empty log.</param>
public sealed record AuditHead(long Count, ReadOnlyMemory<byte> Hash, DateTimeOffset At)
{
    /// <summary>The end of an empty log.</summary>
    public static AuditHead Empty { get; } = new(0, new byte[32], DateTimeOffset.UnixEpoch);

    /// <inheritdoc/>
    public bool Equals(AuditHead? other) => other is not null && Count == other.Count && At == other.At && Hash.Span.SequenceEqual(other.Hash.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, At);
}
