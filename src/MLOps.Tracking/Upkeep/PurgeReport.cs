namespace MLOps.Tracking;

/// <summary>What a purge removed; of a dry run, what it would have removed.</summary>
public sealed record PurgeReport
{
    /// <summary>How many runs, those included whose purge an earlier call had begun.</summary>
    public required int Runs { get; init; }

    /// <summary>How many experiments.</summary>
    public required int Experiments { get; init; }

    /// <summary>How many artifact files, manifests included.</summary>
    public required long ArtifactFiles { get; init; }

    /// <summary>The size of those files in bytes.</summary>
    public required long ArtifactBytes { get; init; }

    /// <summary>The runs that were to be purged and were not, each with the reason. Purge again when it is gone.</summary>
    public required IReadOnlyList<SkippedRun> Skipped { get; init; }
}
