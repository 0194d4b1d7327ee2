using MLOps.Registry.Storage;

namespace MLOps.Registry.Audit;

/// <summary>An event of the audit log. Immutable.</summary>
public sealed record AuditEvent
{
    /// <summary>Its place in the log, from 1 up without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was written, to the millisecond; never before the event before it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who caused it.</summary>
    public required string Actor { get; init; }

    /// <summary>The <see cref="RegisteredModel.Key"/> of the model that it changed.</summary>
    public required Guid ModelKey { get; init; }

    /// <summary>What changed.</summary>
    public required RegistryEvent Change { get; init; }

    /// <summary>The SHA-256 over the hash of the event before it and this event, 64 lower-case hex digits.</summary>
    public required string Hash { get; init; }
}
