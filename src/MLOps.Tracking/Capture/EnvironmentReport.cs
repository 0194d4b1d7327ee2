namespace MLOps.Tracking.Capture;

/// <summary>The content of the artifact <c>environment.json</c>. What could not be found out is null or empty.</summary>
internal sealed record EnvironmentReport
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required MachineFacts Machine { get; init; }

    public required RuntimeFacts Runtime { get; init; }

    public required ProgramFacts Program { get; init; }

    public GitFacts? Git { get; init; }

    public required IReadOnlyList<PackageFacts> Packages { get; init; }

    public required IReadOnlyDictionary<string, string> EnvironmentVariables { get; init; }

    internal sealed record MachineFacts(string Name, string Os, string Architecture, string? CpuModel, int CpuCount, long MemoryBytes);

    internal sealed record RuntimeFacts(string Framework, string Identifier, bool IsAot);

    internal sealed record ProgramFacts(string Name, string? Version, int ProcessId, string CommandLine, string WorkingDirectory);

    internal sealed record GitFacts(string? Commit, string? Branch, string? RemoteUrl, bool? IsDirty);

    internal sealed record PackageFacts(string Name, string Version);
}
