using System.Diagnostics;
using System.Globalization;

namespace MLOps.Runtime.Tests.Processes;

/// <summary>What signals do to a process that holds them.</summary>
public sealed class SignalTests
{
    private const int Terminate = 15, Interrupt = 2, Hangup = 1;

    private static readonly int User1 = OperatingSystem.IsLinux() ? 10 : 30;

    public SignalTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are POSIX.");

    public static TheoryData<string> Held => ["SIGTERM", "SIGINT", "SIGUSR1"];

    [Theory]
    [MemberData(nameof(Held))]
    public async Task The_first_signal_is_a_notice_and_the_second_ends_the_process_at_once(string name)
    {
        int signal = Number(name);
        using VictimProcess victim = await VictimProcess.StartAsync("hold");
        victim.Send(signal);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"noticed {name} {signal} {128 + signal}"), await victim.ReadLineAsync());
        victim.Send(signal);
        Assert.Equal(128 + signal, await victim.WaitAsync());
        Assert.Null(await victim.ReadLineAsync());
    }

    [Fact]
    public async Task The_second_signal_may_be_another_one()
    {
        using VictimProcess victim = await VictimProcess.StartAsync("hold");
        victim.Send(User1);
        Assert.StartsWith("noticed SIGUSR1", await victim.ReadLineAsync(), StringComparison.Ordinal);
        victim.Send(Terminate);
        Assert.Equal(128 + Terminate, await victim.WaitAsync());
    }

    [Fact]
    public async Task A_signal_that_is_not_held_keeps_its_effect()
    {
        using VictimProcess victim = await VictimProcess.StartAsync("hold");
        victim.Send(Hangup);
        Assert.Equal(128 + Hangup, await victim.WaitAsync());
    }

    [Theory]
    [MemberData(nameof(Held))]
    public async Task A_program_saves_its_work_and_exits_with_the_code_of_the_notice(string name)
    {
        int signal = Number(name);
        using VictimProcess victim = await VictimProcess.StartAsync("finish");
        victim.Send(signal);
        Assert.Equal("saved by 00:00:25", await victim.ReadLineAsync());
        Assert.Equal(128 + signal, await victim.WaitAsync());
    }

    [Fact]
    public async Task Handlers_that_throw_do_not_end_the_process()
    {
        using VictimProcess victim = await VictimProcess.StartAsync("fail");
        victim.Send(Terminate);
        Assert.Equal("noticed SIGTERM after a registration", await victim.ReadLineAsync());
        victim.Send(Terminate);
        Assert.Equal(128 + Terminate, await victim.WaitAsync());
    }

    [Theory]
    [MemberData(nameof(Held))]
    public async Task After_the_end_a_signal_has_its_default_effect_again(string name)
    {
        int signal = Number(name);
        using VictimProcess victim = await VictimProcess.StartAsync("release");
        victim.Send(signal);
        Assert.Equal(128 + signal, await victim.WaitAsync());
    }

    [Fact]
    public async Task In_a_container_the_second_signal_ends_its_first_process_too()
    {
        string[] container = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
        Assert.SkipUnless(OperatingSystem.IsLinux() && await RunsAsync([.. container, "true"]), "This machine makes no process namespaces for us.");
        using VictimProcess victim = await VictimProcess.StartAsync("hold", container);
        victim.SendToChild(Terminate);
        Assert.StartsWith("noticed SIGTERM", await victim.ReadLineAsync(), StringComparison.Ordinal);
        victim.SendToChild(Terminate);
        Assert.Equal(128 + Terminate, await victim.WaitAsync());
    }

    private static int Number(string name)
    {
        Assert.SkipWhen(name == "SIGINT" && VictimProcess.IgnoresInterrupts, "These tests were started with SIGINT ignored.");
        return name switch { "SIGTERM" => Terminate, "SIGINT" => Interrupt, _ => User1 };
    }

    private static async Task<bool> RunsAsync(string[] command)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
