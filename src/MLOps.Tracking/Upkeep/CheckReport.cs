using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>What a check found.</summary>
public sealed record CheckReport
{
    /// <summary>What is wrong: the store first, then artifacts run by run.</summary>
    public required IReadOnlyList<StoreFinding> Findings { get; init; }

    /// <summary>How many runs had their artifacts verified.</summary>
    public required int Runs { get; init; }

    /// <summary>How many artifact files were compared with their hashes.</summary>
    public required long ArtifactFiles { get; init; }

    /// <summary>How many bytes of artifacts were read.</summary>
    public required long ArtifactBytes { get; init; }

    /// <summary>How many artifact files no manifest names, because another tool put them there: nothing can be said of them.</summary>
    public required long UnverifiedFiles { get; init; }

    /// <summary>The runs whose artifacts could not be verified, or not all of them, each with the reason.</summary>
    public required IReadOnlyList<SkippedRun> Skipped { get; init; }

    /// <summary>Whether nothing is wrong in what was looked at.</summary>
    public bool IsSound => Findings.Count == 0;
}
