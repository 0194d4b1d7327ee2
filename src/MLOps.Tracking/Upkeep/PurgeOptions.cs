namespace MLOps.Tracking;

/// <summary>What a purge removes for good. Only what is softly deleted is ever purged; every limit here narrows that further.</summary>
public sealed record PurgeOptions
{
    /// <summary>Only these runs, and no experiment. Those that the store does not have are passed over, those that are not deleted are reported. Null, the default: all.</summary>
    public IReadOnlyList<RunId>? Runs { get; init; }

    /// <summary>Only these experiments and the deleted runs in them. Null, the default: all.</summary>
    public IReadOnlyList<ExperimentId>? Experiments { get; init; }

    /// <summary>Only what was deleted at least this long ago. Default: zero, whenever it was; not negative.</summary>
    public TimeSpan DeletedFor { get; init; }

    /// <summary>Leaves the artifacts of what these options name where they are: for a location that is no run's own, or an artifact store that is gone. Nothing leads to them any more then. Default: no.</summary>
    public bool KeepArtifacts { get; init; }

    /// <summary>Counts what would be purged, artifact files and bytes too, and changes nothing. Default: no.</summary>
    public bool DryRun { get; init; }
}
