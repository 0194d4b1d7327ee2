namespace MLOps.Tracking.Capture;

/// <summary>Which program a run comes from.</summary>
/// <param name="User">The user that the process runs as.</param>
/// <param name="ProgramName">The name of the entry assembly, else of the program's file.</param>
/// <param name="ProgramVersion">The informational version of the entry assembly, if it has one.</param>
/// <param name="WorkingDirectory">The working directory; empty when it is gone.</param>
/// <param name="Git">The commit it comes from; null when it is not known.</param>
internal sealed record SourceFacts(string User, string ProgramName, string? ProgramVersion, string WorkingDirectory, EnvironmentReport.GitFacts? Git);
