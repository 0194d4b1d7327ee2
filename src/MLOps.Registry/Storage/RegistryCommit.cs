namespace MLOps.Registry.Storage;

/// <summary>Changes of one model that become true together, or not at all.</summary>
public sealed record RegistryCommit
{
    /// <summary>The model's key.</summary>
    public required Guid ModelKey { get; init; }

    /// <summary>The revision of the model that the changes were decided on; 0 when it is to be made, by <see cref="RegistryEvent.ModelCreated"/> as the first change.</summary>
    public required long Revision { get; init; }

    /// <summary>The changes, in order; at least one.</summary>
    public required IReadOnlyList<RegistryEvent> Changes { get; init; }

    /// <summary>Who causes them.</summary>
    public required string Actor { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }
}
