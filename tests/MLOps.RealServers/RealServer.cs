namespace MLOps.RealServers;

/// <summary>A real server in a process of its own on a free port of 127.0.0.1, with its data in a temporary folder that goes with it.</summary>
/// <remarks>
/// It ends when this process does, however it ends. Starting, stopping and disposing are for one caller at a time; the rest is safe from any thread.
/// Needs a POSIX shell.
/// </remarks>
public abstract class RealServer : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    private readonly LoopbackPort _port = new();
    private GuardedProcess? _process;
    private string _log = "";

    private protected RealServer()
    {
    }

    /// <summary>Whether a test that can't have a server must fail: on CI (<c>CI=true</c>) and with <c>MLOPS_REQUIRE_SERVERS=1</c>. Elsewhere it may skip.</summary>
    public static bool IsRequired =>
        Environment.GetEnvironmentVariable("CI") == "true" || Environment.GetEnvironmentVariable("MLOPS_REQUIRE_SERVERS") == "1";

    /// <summary>Where it listens: <c>http://127.0.0.1:port/</c>, the same for its whole life.</summary>
    public Uri Endpoint => new($"http://127.0.0.1:{Port}/");

    /// <summary>The id of the process that serves; another after <see cref="RestartAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">It is stopped.</exception>
    public int ProcessId => (_process ?? throw new InvalidOperationException($"{GetType().Name} is stopped.")).Id;

    /// <summary>The last 200 lines that it has written since it was last started.</summary>
    public string Log => _process?.Log ?? _log;

    private protected int Port => _port.Number;

    /// <summary>Its folder: it runs there and keeps its data and its temporary files there.</summary>
    private protected string Folder { get; } = Directory.CreateTempSubdirectory("mlops-server-").FullName;

    private protected abstract IReadOnlyList<string> Command { get; }

    private protected virtual IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    /// <summary>Kills it; its port and its data stay. Requests in flight break, later ones are refused. Does nothing when it is stopped.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        await PersistAsync(process).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Starts it on the same port with the same data, after stopping it where it runs, and waits until it answers.</summary>
    /// <param name="cancellationToken">Gives up waiting; the server is then stopped.</param>
    /// <exception cref="ServerUnavailableException">Its program isn't there, or can't run on this machine.</exception>
    /// <exception cref="InvalidOperationException">It ended by itself, or didn't answer within 60 s; the message has its log.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync().ConfigureAwait(false);
        _process = new GuardedProcess(Command, new Dictionary<string, string>(Settings) { ["TMPDIR"] = Folder }, Folder);
        try
        {
            await WaitUntilItAnswersAsync(_process, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await EndAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Kills it and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _port.Dispose();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Brings to disk what the server would lose when it is killed.</summary>
    private protected virtual Task PersistAsync(GuardedProcess process) => Task.CompletedTask;

    private protected static async Task<TServer> StartAsync<TServer>(Func<TServer> create, CancellationToken cancellationToken)
        where TServer : RealServer
    {
        if (!File.Exists("/bin/sh"))
            throw new ServerUnavailableException($"{typeof(TServer).Name} needs a POSIX shell at /bin/sh: use Linux, macOS or WSL.");
        for (bool isRetry = false; ; isRetry = true)
        {
            TServer server = create();
            try
            {
                await server.RestartAsync(cancellationToken).ConfigureAwait(false);
                return server;
            }
            catch (InvalidOperationException) when (!isRetry && server.LostItsPort)
            {
                await server.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await server.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private bool LostItsPort =>
        Log.Contains("EADDRINUSE", StringComparison.Ordinal) || Log.Contains("Address already in use", StringComparison.OrdinalIgnoreCase);

    private async Task WaitUntilItAnswersAsync(GuardedProcess process, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StartPatience);
        try
        {
            while (!process.HasExited)
            {
                if (await AnswersAsync(patience.Token).ConfigureAwait(false))
                    return;
                await Task.Delay(PollInterval, patience.Token).ConfigureAwait(false);
            }

            await process.WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"{GetType().Name} did not answer within {StartPatience.TotalSeconds} s:\n{process.Log}");
        }

        // What the shell says of a program that it can't find or may not run; pyenv's stand-ins and our script for Swift say it too.
        if (process.ExitCode is 126 or 127)
            throw new ServerUnavailableException($"{GetType().Name} can't run {Command[0]}:\n{process.Log}");
        throw new InvalidOperationException($"{GetType().Name} ended with {process.ExitCode} before it answered:\n{process.Log}");
    }

    /// <returns>Whether anything comes back, errors of HTTP included.</returns>
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await Http.GetAsync(Endpoint, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task EndAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        await process.DisposeAsync().ConfigureAwait(false);
        _log = process.Log;
    }
}
