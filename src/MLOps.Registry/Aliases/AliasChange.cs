namespace MLOps.Registry;

/// <summary>A move or a removal of an alias, as the audit log has it. Immutable.</summary>
public sealed record AliasChange
{
    /// <summary>Its place in the audit log.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was, to the millisecond.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who did it.</summary>
    public required string Actor { get; init; }

    /// <summary>The version before; null when the alias was new.</summary>
    public int? From { get; init; }

    /// <summary>The version after; null when the alias was removed.</summary>
    public int? To { get; init; }

    /// <summary>What moved it.</summary>
    public AliasCause Cause { get; init; }

    /// <summary>Why; null when nobody said.</summary>
    public string? Reason { get; init; }

    /// <summary>The promotion that moved it; null for another cause.</summary>
    public Guid? Promotion { get; init; }
}
