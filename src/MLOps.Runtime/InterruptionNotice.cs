#pragma warning disable CS1591
namespace MLOps.Runtime;
public sealed record InterruptionNotice(string Cause) { public int ExitCode => 143; public DateTimeOffset NoticedAt { get; init; } public DateTimeOffset Deadline { get; init; } }
