using System.Runtime.InteropServices;
using MLOps.Runtime.Tests.Spot;

namespace MLOps.Runtime.Tests.Interruptions;

public sealed class InterruptionOptionsTests
{
    private static readonly Action<InterruptionOptions>[] OutOfRange =
    [
        o => o.GracePeriod = TimeSpan.FromTicks(-1),
        o => o.GracePeriod = TimeSpan.FromDays(1.1),
        o => o.PollInterval = TimeSpan.FromMilliseconds(99),
        o => o.PollInterval = TimeSpan.FromHours(1.1),
        o => o.PollTimeout = TimeSpan.FromMilliseconds(9),
        o => o.PollTimeout = Timeout.InfiniteTimeSpan,
    ];

    private static readonly Action<InterruptionOptions>[] Wrong =
    [
        o => o.Signals = null!,
        o => o.Metadata = null!,
        o => o.Metadata = [null!],
        o => o.TimeProvider = null!,
        o => o.Signals = [(PosixSignal)(-5)],
        o => o.Signals = [(PosixSignal)(-10)],
        o => o.Signals = [0],
        o => o.Signals = [(PosixSignal)9],
        o => o.Signals = [(PosixSignal)11],
        o => o.Signals = [(PosixSignal)34],
        o => o.Signals = [(PosixSignal)65],
        o => o.Signals = [(PosixSignal)(-99)],
    ];

    [Fact]
    public void A_time_outside_its_range_is_refused() => Assert.All(OutOfRange, set => Assert.Throws<ArgumentOutOfRangeException>(() => Start(set)));

    [Fact]
    public void What_cannot_be_listened_to_is_refused() => Assert.All(Wrong, set => Assert.Throws<ArgumentException>(() => Start(set)));

    [Fact]
    public void The_defaults_are_the_documented_ones()
    {
        InterruptionOptions options = new();
        Assert.Equal((TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2)), (options.GracePeriod, options.PollInterval, options.PollTimeout));
        Assert.Empty(options.Metadata);
        Assert.Equal(OperatingSystem.IsWindows() ? [15, 2] : [15, 2, OperatingSystem.IsLinux() ? 10 : 30], options.Check("options"));
    }

    [Fact]
    public void A_signal_that_is_named_twice_is_held_once() =>
        Assert.Equal([15, 1], new InterruptionOptions { Signals = [PosixSignal.SIGTERM, (PosixSignal)15, PosixSignal.SIGHUP] }.Check("options"));

    [Fact]
    public void The_second_signal_for_users_can_be_held()
    {
        int number = OperatingSystem.IsLinux() ? 12 : 31;
        Assert.Equal([number], new InterruptionOptions { Signals = [(PosixSignal)number] }.Check("options"));
        Assert.Equal("SIGUSR2", SignalNumber.Name(number));
    }

    [Fact]
    public void The_limits_themselves_are_taken()
    {
        new InterruptionOptions { GracePeriod = TimeSpan.Zero, PollInterval = TimeSpan.FromMilliseconds(100), PollTimeout = TimeSpan.FromMilliseconds(10) }.Check("options");
        new InterruptionOptions { GracePeriod = TimeSpan.FromDays(1), PollInterval = TimeSpan.FromHours(1), PollTimeout = TimeSpan.FromMinutes(1), Metadata = [new ScriptedMetadata(_ => null)] }.Check("options");
    }

    private static void Start(Action<InterruptionOptions> set)
    {
        InterruptionOptions options = new();
        set(options);
        InterruptionNotices.Start(options);
    }
}
