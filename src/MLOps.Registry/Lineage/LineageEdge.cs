namespace MLOps.Registry;

/// <summary>A step of a lineage: one thing went into the making of another. Runs come from datasets and code, versions from runs and other versions.</summary>
/// <param name="From">What was used.</param>
/// <param name="To">What was made with it.</param>
public sealed record LineageEdge(LineageNode From, LineageNode To);
