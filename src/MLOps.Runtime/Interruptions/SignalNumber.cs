using System.Runtime.InteropServices;

namespace MLOps.Runtime;

/// <summary>The signals that announce an end, by number and name. The numbers differ: SIGUSR1 is 10 on Linux (x64, arm64) and 30 on macOS, as on the BSDs.</summary>
internal static class SignalNumber
{
    private const int Hup = 1, Int = 2, Quit = 3, Term = 15;

    private static readonly bool IsLinux = OperatingSystem.IsLinux() || OperatingSystem.IsAndroid();

    public static int User1 { get; } = IsLinux ? 10 : 30;

    private static int User2 { get; } = IsLinux ? 12 : 31;

    /// <summary>The number of a signal that can be held. Null for one that cannot; for one that stops, continues or resizes, and so announces no end; and for one of a fault, or of the runtime's own.</summary>
    public static int? Of(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => Hup,
        PosixSignal.SIGINT => Int,
        PosixSignal.SIGQUIT => Quit,
        PosixSignal.SIGTERM => Term,
        _ => Name((int)signal) is null ? null : (int)signal,
    };

    public static string? Name(int number) => number switch
    {
        Hup => "SIGHUP",
        Int => "SIGINT",
        Quit => "SIGQUIT",
        Term => "SIGTERM",
        _ when number == User1 => "SIGUSR1",
        _ when number == User2 => "SIGUSR2",
        _ => null,
    };
}
