// A program for tests to send signals to: <mode>. Says "ready" when it holds them, or holds them no more.
using MLOps.Runtime;

string mode = args is [var first] ? first : "";
InterruptionNotices? notices = null;
notices = InterruptionNotices.Start(new InterruptionOptions { OnNotice = OnNotice });
switch (mode)
{
    case "hold":
        // Has much to save: it does not end by itself.
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

void OnNotice(InterruptionNotice notice)
{
    switch (mode)
    {
        case "hold":
            Say($"noticed {notice.Cause} {notice.Signal} {notice.ExitCode}");
            break;
        case "fail":
            Say($"noticed {notice.Cause} after {notices!.HandlerError!.InnerException!.Message}");
            throw new InvalidOperationException("a handler");
    }
}

static void Say(string line)
{
    Console.WriteLine(line);
    Console.Out.Flush();
}
