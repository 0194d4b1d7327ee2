namespace MLOps.Registry.Audit;

/// <summary>A signed statement of how an audit log ended. Immutable.</summary>
public sealed record Checkpoint
{
    /// <summary>The log's name.</summary>
    public required string Origin { get; init; }

    /// <summary>How many events the log had.</summary>
    public required long Count { get; init; }

    /// <summary>The hash of its last event, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Hash { get; init; }

    /// <summary>The whole checkpoint with its signatures, as it is kept elsewhere.</summary>
    public required string Text { get; init; }
}
