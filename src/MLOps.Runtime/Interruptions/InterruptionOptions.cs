using System.Runtime.InteropServices;

namespace MLOps.Runtime;

/// <summary>What <see cref="InterruptionNotices"/> listens to, and how.</summary>
/// <remarks>Read once, by <see cref="InterruptionNotices.Start"/>: a later change has no effect.</remarks>
public sealed class InterruptionOptions
{
    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);

    /// <summary>SIGUSR1 by its number on this operating system: 10 on Linux, 30 on macOS. <see cref="PosixSignal"/> has no name for it. There is none on Windows.</summary>
    public static PosixSignal SigUsr1 => (PosixSignal)SignalNumber.User1;

    /// <summary>
    /// The signals to hold: of <see cref="PosixSignal.SIGHUP"/>, <see cref="PosixSignal.SIGINT"/>, <see cref="PosixSignal.SIGQUIT"/>, <see cref="PosixSignal.SIGTERM"/>, <see cref="SigUsr1"/>, and SIGUSR2 by its
    /// number on this operating system, as <c>(PosixSignal)12</c> on Linux. Empty: none, only the metadata services are asked.
    /// </summary>
    /// <value>Default: SIGTERM, SIGINT and <see cref="SigUsr1"/>; on Windows SIGTERM and SIGINT.</value>
    public IReadOnlyList<PosixSignal> Signals { get; set; } =
        OperatingSystem.IsWindows() ? [PosixSignal.SIGTERM, PosixSignal.SIGINT] : [PosixSignal.SIGTERM, PosixSignal.SIGINT, SigUsr1];

    /// <summary>How long after a signal the process should be done. Set it below the time after which whoever sent it sends SIGKILL: 30 s in Kubernetes and Slurm, 10 s for <c>docker stop</c>.</summary>
    /// <value>Default 25 s; 0 to 1 day.</value>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>The metadata services to ask. Each is asked on its own, so that one that is slow or away holds up no other.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<ISpotMetadata> Metadata { get; set; } = [];

    /// <summary>
    /// The time from an answer of a metadata service to the next question. A service that has not answered since the start is asked ever more rarely: each time after twice as long, up to a minute (or this, if longer).
    /// </summary>
    /// <value>Default 5 s, which AWS recommends; 100 ms to 1 hour.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a metadata service may take to answer, all requests of one question together. Then the question counts as failed.</summary>
    /// <value>Default 2 s; 10 ms to 1 minute.</value>
    public TimeSpan PollTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Called with the first notice, and with each later one whose deadline is earlier; after <see cref="InterruptionNotices.Token"/> was cancelled. On a thread of the pool or of the signal, for two notices
    /// perhaps at once. What it throws goes to <see cref="InterruptionNotices.HandlerError"/>. It must not wait for <see cref="InterruptionNotices.DisposeAsync"/>, which waits for it.
    /// </summary>
    /// <value>Default null.</value>
    public Action<InterruptionNotice>? OnNotice { get; set; }

    /// <summary>The clock.</summary>
    /// <value>Default <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>The numbers of <see cref="Signals"/>, each once.</summary>
    internal int[] Check(string parameterName)
    {
        if (Signals is null || Metadata is null || TimeProvider is null)
            throw new ArgumentException("Signals, Metadata and TimeProvider are not null; leave them as they are for the defaults.", parameterName);
        if (Metadata.Any(metadata => metadata is null))
            throw new ArgumentException("Metadata has a null among its services.", parameterName);
        CheckRange(GracePeriod, TimeSpan.Zero, OneDay, nameof(GracePeriod), parameterName);
        CheckRange(PollInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), nameof(PollInterval), parameterName);
        CheckRange(PollTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), nameof(PollTimeout), parameterName);
        return [.. Signals.Select(signal => SignalNumber.Of(signal) ?? throw new ArgumentException($"{signal} cannot be held as a notice: SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1 and SIGUSR2 can.", parameterName)).Distinct()];
    }

    private static void CheckRange(TimeSpan value, TimeSpan least, TimeSpan most, string name, string parameterName)
    {
        if (value < least || value > most)
            throw new ArgumentOutOfRangeException(parameterName, value, $"{name} is {least} to {most}.");
    }
}
