namespace MLOps.Registry.Registration;

/// <summary>A version before its commit.</summary>
/// <param name="Facts">What will be written down.</param>
/// <param name="IsVerified">Whether its files were read and hashed.</param>
/// <param name="Folder">The folder below the artifact root that was made for it; null when its files lie elsewhere.</param>
internal sealed record VersionDraft(VersionFacts Facts, bool IsVerified, string? Folder)
{
    /// <summary>The run whose artifacts must stay for the version; null when there is none, or the tracker does not have it.</summary>
    public RunId? KeptRun { get; init; } = Facts.RunId;
}
