namespace MLOps.Runtime;

/// <summary>A notice that this process is about to be stopped: why, and by when it should have saved what it wants to keep.</summary>
/// <remarks>Immutable, so safe for use by any number of threads.</remarks>
public sealed record InterruptionNotice
{
    /// <summary>The exit code of a process that was stopped by SIGTERM, 143: a machine that is taken away sends it to what still runs.</summary>
    private const int Terminated = 128 + 15;

    /// <summary>Why.</summary>
    public required InterruptionCause Cause { get; init; }

    /// <summary>When this process learned of it.</summary>
    public required DateTimeOffset NoticedAt { get; init; }

    /// <summary>
    /// When the process should be done. Of a signal: <see cref="InterruptionOptions.GracePeriod"/> after it. Of a metadata service: the time that it gives, or else the earliest at which
    /// its vendor's documentation lets the machine be stopped. It may be past already; then every moment may be the last.
    /// </summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>The number that the signal has on this operating system: 15 for SIGTERM, 2 for SIGINT, 10 for SIGUSR1 (30 on macOS). Null where no signal brought the notice.</summary>
    public int? Signal { get; init; }

    /// <summary>What else the source says, for a log: the action (<c>terminate</c>), the event's id and description. Null when it says nothing.</summary>
    public string? Detail { get; init; }

    /// <summary>
    /// The code to exit with: 128 + <see cref="Signal"/>, as a shell reports a process that a signal ended, so that schedulers tell an interrupted job from a failed one. Without a signal 143,
    /// the code of SIGTERM: a machine that is taken away sends it to what still runs.
    /// </summary>
    public int ExitCode => Signal is { } signal ? 128 + signal : Terminated;
}
