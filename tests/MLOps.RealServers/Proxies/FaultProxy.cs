using System.Net;
using System.Net.Sockets;

namespace MLOps.RealServers;

/// <summary>Stands before a server on loopback and brings faults into its connections: delays, cuts, refusals, stalls and answers that the server never gave.</summary>
/// <remarks>
/// Bytes pass unmodified both ways, so signatures over the Host header hold. Requests are told apart by HTTP/1.x framing; on a connection that speaks
/// something else, a request begins with the first bytes from the client after bytes from the server. All members are safe for threads, and a setting
/// takes effect while connections run.
/// </remarks>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CutPlan _upstreamCuts = new(), _downstreamCuts = new();
    private readonly Queue<(PlannedAnswer Answer, int Times)> _answers = new();
    private readonly Dictionary<ProxiedConnection, Task> _connections = [];

    // Bound and never listening: the port stays ours while the server seems to be away, and a client is refused there.
    private readonly Socket _port = Bind(0);

    private Socket? _listener;
    private TaskCompletionSource? _stall;
    private PlannedAnswer? _answer;
    private long _delayTicks;
    private long _requests, _answered, _cuts;
    private int _answersLeft;
    private bool _isDisposed;

    private FaultProxy(Uri target, TimeProvider clock)
    {
        Target = target;
        Clock = clock;
        Endpoint = new UriBuilder(target) { Host = IPAddress.Loopback.ToString(), Port = Port }.Uri;
        Listen();
    }

    /// <summary>Where clients connect: the target's address with 127.0.0.1 and a free port in place of its host and port.</summary>
    public Uri Endpoint { get; }

    /// <summary>Added once to each request, before its first byte is forwarded or the request is answered; whole milliseconds, at least zero, the default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delayTicks));
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            Interlocked.Exchange(ref _delayTicks, value.Ticks);
        }
    }

    /// <summary>Whether the server seems to be away: connections are cut when this becomes true and new ones refused until it is false again. False at first.</summary>
    /// <remarks>These cuts are not counted in <see cref="Cuts"/>.</remarks>
    /// <exception cref="ObjectDisposedException">It is set after the proxy was disposed.</exception>
    public bool Refuse
    {
        get
        {
            lock (_lock)
                return _listener is null;
        }
        set
        {
            ProxiedConnection[] cut = [];
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (value)
                    cut = StopListening();
                else if (_listener is null)
                    Listen();
            }
            foreach (ProxiedConnection connection in cut)
                connection.Reset();
        }
    }

    /// <summary>Whether bytes to the clients, and the ends of streams, are held back. False at first.</summary>
    public bool Stall
    {
        get
        {
            lock (_lock)
                return _stall is not null;
        }
        set
        {
            lock (_lock)
            {
                if (value)
                {
                    _stall ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
                else
                {
                    _stall?.SetResult();
                    _stall = null;
                }
            }
        }
    }

    /// <summary>How many requests have begun, whether forwarded or answered.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>How many requests were answered in the server's place.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>How many planned cuts have happened.</summary>
    public long Cuts => Interlocked.Read(ref _cuts);

    internal Uri Target { get; }

    internal TimeProvider Clock { get; }

    private int Port => ((IPEndPoint)_port.LocalEndPoint!).Port;

    /// <summary>Starts a proxy before a server.</summary>
    /// <param name="target">The server's address with its port, http or another over TCP. It need not be there yet: a connection is reset while it is not.</param>
    /// <param name="clock">What <see cref="Delay"/> is measured by; the system's clock by default.</param>
    /// <returns>A proxy that listens.</returns>
    /// <exception cref="ArgumentException">The address has no host or no port.</exception>
    public static FaultProxy Start(Uri target, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (!target.IsAbsoluteUri || target.IdnHost.Length == 0 || target.Port <= 0)
            throw new ArgumentException($"'{target}' names no host and port.", nameof(target));
        return new FaultProxy(target, clock ?? FineClock.Instance);
    }

    /// <summary>Cuts a connection once, with a reset on both sides, when further bytes have been forwarded one way.</summary>
    /// <param name="direction">Which way is counted.</param>
    /// <param name="afterBytes">How many bytes are forwarded, over all connections and counted from this call, before the connection of the last of them is cut;
    /// 0 cuts at the next byte that comes.</param>
    /// <remarks>The calls count independently: of (100) and (250), the second cut comes 150 bytes after the first. What a cut throws away counts nothing, nor do
    /// requests that the proxy answers, nor its answers.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public void CutNext(Direction direction, long afterBytes) => PlanOf(direction).Add(afterBytes);

    /// <summary>Cuts a connection as <see cref="CutNext"/> does, and again and again.</summary>
    /// <param name="direction">Which way is counted.</param>
    /// <param name="nextGap">How many bytes are forwarded from this call to the first cut, and from each cut to the next; at least 0. It is never called twice at a time,
    /// and it must not call the proxy.</param>
    public void CutEvery(Direction direction, Func<long> nextGap) => PlanOf(direction).AddEvery(nextGap);

    /// <summary>Forgets the cuts that were planned and have not happened.</summary>
    public void CancelCuts()
    {
        _upstreamCuts.Clear();
        _downstreamCuts.Clear();
    }

    /// <summary>Answers the next requests in the server's place, with no body, when they have been read whole. One that expects 100-continue is answered at once and its connection closed.</summary>
    /// <param name="status">The status, 200 to 599.</param>
    /// <param name="times">How many requests, at least 1; they come after those of earlier calls. A request counts when it begins.</param>
    /// <param name="headers">Further headers, such as Retry-After; none by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public void Answer(int status, int times, IReadOnlyDictionary<string, string>? headers = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        lock (_lock)
            _answers.Enqueue((new PlannedAnswer(status, headers ?? new Dictionary<string, string>()), times));
    }

    /// <summary>Cuts every connection and gives the port back.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        ProxiedConnection[] cut;
        lock (_lock)
        {
            _isDisposed = true;
            cut = StopListening();
            running = [.. _connections.Values];
        }
        foreach (ProxiedConnection connection in cut)
            connection.Reset();
        _port.Dispose();
        await Task.WhenAll(running);
    }

    internal CutPlan PlanOf(Direction direction) => direction switch
    {
        Direction.Upstream => _upstreamCuts,
        Direction.Downstream => _downstreamCuts,
        _ => throw new ArgumentOutOfRangeException(nameof(direction), direction, "Upstream or Downstream."),
    };

    internal void CountCut() => Interlocked.Increment(ref _cuts);

    internal void CountAnswer() => Interlocked.Increment(ref _answered);

    /// <summary>Counts a request and says what to answer, or null to forward it.</summary>
    internal PlannedAnswer? BeginRequest(bool isAnswerable)
    {
        Interlocked.Increment(ref _requests);
        if (!isAnswerable)
            return null;
        lock (_lock)
        {
            if (_answersLeft == 0 && _answers.TryDequeue(out (PlannedAnswer Answer, int Times) next))
                (_answer, _answersLeft) = next;
            if (_answersLeft == 0)
                return null;
            _answersLeft--;
            return _answer;
        }
    }

    /// <summary>Waits while downstream bytes are held back.</summary>
    internal async ValueTask FlowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task held;
            lock (_lock)
            {
                if (_stall is null)
                    return;
                held = _stall.Task;
            }
            await held.WaitAsync(cancellationToken);
        }
    }

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private void Listen()
    {
        Socket listener = Bind(Port);
        listener.Listen(512);
        _listener = listener;
        _ = Task.Run(() => AcceptAsync(listener));
    }

    private ProxiedConnection[] StopListening()
    {
        _listener?.Dispose();
        _listener = null;
        return [.. _connections.Keys];
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync();
            }
            catch (SocketException e) when (e.SocketErrorCode != SocketError.OperationAborted)
            {
                continue;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            var connection = new ProxiedConnection(this, client);
            bool isLate;
            lock (_lock)
            {
                isLate = _listener != listener;
                if (!isLate)
                    _connections.Add(connection, Task.Run(() => ServeAsync(connection)));
            }
            if (isLate)
                connection.Reset();
        }
    }

    // A connection that failed in an unforeseen way stays in the table, so that disposal tells of it.
    private async Task ServeAsync(ProxiedConnection connection)
    {
        using (connection)
            await connection.RunAsync();
        lock (_lock)
            _connections.Remove(connection);
    }
}
