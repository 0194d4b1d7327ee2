// A program for tests to send signals to: <mode>. Says "ready" when it holds them, or holds them no more.
using MLOps.Runtime;

InterruptionNotices notices = InterruptionNotices.Start();
switch (args is [var mode] ? mode : "")
{
    case "hold":
        // Has much to save: it does not end by itself.
        notices.Noticed += (_, notice) => Say($"noticed {notice.Cause} {notice.Signal} {notice.ExitCode}");
        Say("ready");
        Thread.Sleep(Timeout.Infinite);
        return 1;
    case "finish":
        Say("ready");
        notices.Token.WaitHandle.WaitOne();
        await notices.DisposeAsync();
        Say($"saved by {notices.Current!.Deadline - notices.Current.NoticedAt}");
        return notices.Current.ExitCode;
    case "fail":
        notices.Token.Register(() => throw new InvalidOperationException("a registration"));
        notices.Noticed += (_, _) => throw new InvalidOperationException("a handler");
        notices.Noticed += (sender, notice) => Say($"noticed {notice.Cause} after {((InterruptionNotices)sender!).HandlerError!.Message}");
        Say("ready");
        Thread.Sleep(Timeout.Infinite);
        return 1;
    case "release":
        await notices.DisposeAsync();
        Say("ready");
        Thread.Sleep(Timeout.Infinite);
        return 1;
    default:
        Console.Error.WriteLine("modes: hold, finish, fail, release");
        return 2;
}

static void Say(string line)
{
    Console.WriteLine(line);
    Console.Out.Flush();
}
