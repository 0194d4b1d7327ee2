using System.Globalization;
using System.Runtime.InteropServices;

namespace MLOps.Runtime;

/// <summary>The numbers and names of signals on this operating system. They differ: SIGUSR1 is 10 on Linux (x64, arm64) and 30 on macOS, as on the BSDs.</summary>
internal static class SignalNumber
{
    private const int Hup = 1, Int = 2, Quit = 3, Kill = 9, Term = 15;

    public static int User1 { get; } = OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 10 : 30;

    private static int User2 { get; } = OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 12 : 31;

    private static int Stop { get; } = OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 19 : 17;

    /// <summary>The number of a signal that can be held; null for one that cannot, or that ends no process.</summary>
    public static int? Of(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => Hup,
        PosixSignal.SIGINT => Int,
        PosixSignal.SIGQUIT => Quit,
        PosixSignal.SIGTERM => Term,
        // The other names are of signals that stop, continue or resize: they announce no end.
        <= 0 => null,
        _ when (int)signal is var number && number <= 64 && number != Kill && number != Stop => number,
        _ => null,
    };

    public static string Name(int number) => number switch
    {
        Hup => "SIGHUP",
        Int => "SIGINT",
        Quit => "SIGQUIT",
        Term => "SIGTERM",
        _ when number == User1 => "SIGUSR1",
        _ when number == User2 => "SIGUSR2",
        _ => string.Create(CultureInfo.InvariantCulture, $"SIG{number}"),
    };
}
