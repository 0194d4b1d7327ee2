namespace MLOps.Tracking;

/// <summary>A dataset that runs of an experiment used for one purpose.</summary>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="Name">The dataset's name.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Role">What runs used it for; null when unsaid.</param>
public sealed record DatasetSummary(ExperimentId ExperimentId, string Name, string Digest, string? Role);
