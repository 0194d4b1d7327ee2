using System.Runtime.InteropServices;

namespace MLOps.Runtime;

/// <summary>Holds the signals that would end this process, and asks metadata services, so that a program learns in time that it is about to be stopped.</summary>
/// <remarks>
/// <para>
/// The first signal is held: it does not end the process but becomes a notice. It is then the program's to save its work before <see cref="InterruptionNotice.Deadline"/> and to exit with
/// <see cref="InterruptionNotice.ExitCode"/>. A second signal, whichever of those held, has its default effect: the process ends at once, with 128 + its number as the exit code, as the first process of a container, too.
/// A notice of a metadata service does not count as a signal: the SIGTERM that follows it is held.
/// </para>
/// <para>
/// After <see cref="DisposeAsync"/> signals have their default effect again; that of SIGUSR1 is to end the process, too. Anything else in the process that cancels a signal for good keeps the
/// second one from ending it: .NET's generic host does, for SIGTERM, SIGINT and SIGQUIT. A SIGINT that the process was started to ignore, as by <c>nohup</c> or in the background of a script, is not seen.
/// </para>
/// <para>All members are safe for use by any number of threads.</para>
/// </remarks>
public sealed partial class InterruptionNotices : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _noticed = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly SpotPoll[] _polls;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _gracePeriod;
    private readonly Action<InterruptionNotice>? _onNotice;
    private Task _polling = Task.CompletedTask;
    private InterruptionNotice? _current;
    private Exception? _handlerError;
    private int _held;
    private bool _disposed;

    private InterruptionNotices(InterruptionOptions options)
    {
        _clock = options.TimeProvider;
        _gracePeriod = options.GracePeriod;
        _onNotice = options.OnNotice;
        _polls = [.. options.Metadata.Select(metadata => new SpotPoll(metadata, options.PollInterval, options.PollTimeout, _clock, Report))];
    }

    /// <summary>The notice with the earliest deadline so far; null while there is none. It stays when its source takes it back.</summary>
    public InterruptionNotice? Current => Volatile.Read(ref _current);

    /// <summary>Cancelled at the first notice. What is registered with it runs before <see cref="InterruptionOptions.OnNotice"/>.</summary>
    public CancellationToken Token => _noticed.Token;

    /// <summary>How each metadata service has answered, in the order of <see cref="InterruptionOptions.Metadata"/>. Made anew at each call.</summary>
    public IReadOnlyList<SpotMetadataStatus> Metadata => [.. _polls.Select(poll => poll.Status)];

    /// <summary>What <see cref="InterruptionOptions.OnNotice"/>, or what is registered with <see cref="Token"/>, has thrown last; null when nothing has. It costs the process none of its time, and nothing else tells of it: log it.</summary>
    public Exception? HandlerError => Volatile.Read(ref _handlerError);

    /// <summary>Starts to hold signals and to ask metadata services.</summary>
    /// <param name="options">What to listen to. Null: the default signals and no metadata service.</param>
    /// <returns>The notices. Dispose them when the work that they guard is done.</returns>
    /// <exception cref="ArgumentException">An option is null, or a signal cannot be held.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time is outside its range.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system does not have one of the signals.</exception>
    public static InterruptionNotices Start(InterruptionOptions? options = null)
    {
        options ??= new InterruptionOptions();
        int[] signals = options.Check(nameof(options));
        InterruptionNotices notices = new(options);
        try
        {
            foreach (int number in signals)
                notices._signals.Add(PosixSignalRegistration.Create(Registered(number), context => notices.OnSignal(number, context)));
        }
        catch
        {
            notices._signals.ForEach(signal => signal.Dispose());
            throw;
        }

        notices._polling = Task.WhenAll(notices._polls.Select(poll => Task.Run(() => poll.RunAsync(notices._stopping.Token))));
        return notices;
    }

    /// <summary>Gives the signals back and stops asking; returns when the last question has ended. Notices stay readable.</summary>
    /// <returns>A task that ends then.</returns>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _signals.ForEach(signal => signal.Dispose());
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _polling.ConfigureAwait(false);
        _stopping.Dispose();
        // The source of Token is left to the collector: a signal's handler may be under way, and it holds nothing but memory.
    }

    /// <summary>Takes a notice in, from whatever source.</summary>
    internal void Report(InterruptionNotice notice)
    {
        lock (_gate)
        {
            if (_current is { } current && notice.Deadline >= current.Deadline)
                return;
            Volatile.Write(ref _current, notice);
        }

        Guard(_noticed.Cancel);
        Guard(() => _onNotice?.Invoke(notice));
    }

    /// <summary>On Windows only the names are known, elsewhere a number is as good as the name.</summary>
    private static PosixSignal Registered(int number) => number switch
    {
        1 => PosixSignal.SIGHUP,
        2 => PosixSignal.SIGINT,
        3 => PosixSignal.SIGQUIT,
        15 => PosixSignal.SIGTERM,
        _ => (PosixSignal)number,
    };

    private void OnSignal(int number, PosixSignalContext context)
    {
        int before;
        lock (_gate)
        {
            // Not cancelled, a signal has its default effect.
            if (_disposed)
                return;
            before = _held++;
        }

        if (before > 0)
        {
            // The kernel spares the first process of a container the default effects of signals.
            if (Environment.ProcessId == 1 && !OperatingSystem.IsWindows())
                ExitNow(128 + number);
            return;
        }

        context.Cancel = true;
        DateTimeOffset now = _clock.GetUtcNow();
        Report(new InterruptionNotice { Cause = new InterruptionCause(SignalNumber.Name(number)!), NoticedAt = now, Deadline = now + _gracePeriod, Signal = number });
    }

    /// <summary>Ends the process as a signal does: nothing else in it runs.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);

    /// <summary>What others registered must not cost the process the time that it has left.</summary>
    private void Guard(Action act)
    {
        try
        {
            act();
        }
        catch (Exception error)
        {
            Volatile.Write(ref _handlerError, error);
        }
    }
}
