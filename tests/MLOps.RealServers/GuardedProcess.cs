using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MLOps.RealServers;

/// <summary>A program that ends when this process does, however it ends.</summary>
internal sealed partial class GuardedProcess : IAsyncDisposable
{
    /// <summary>
    /// The shell becomes the program, so that both have one id. Its other half waits at the pipe from us: a word frees it, and a pipe that closes
    /// without one means that we have died, by SIGKILL too.
    /// </summary>
    /// <remarks>PR_SET_PDEATHSIG won't do: it follows the thread that started the program, and threads of the pool come and go.</remarks>
    private const string Script = """
        exec 3<&0
        (read -r word <&3 || { kill -9 $$; rm -rf -- "$0"; }) >/dev/null 2>&1 &
        exec "$@" 3<&- </dev/null
        """;

    private const int LinesKept = 200;
    private readonly Queue<string> _lines = [];
    private readonly Process _process;

    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">What to set for it besides what it inherits.</param>
    /// <param name="folder">Its data, removed with it when this process dies.</param>
    public GuardedProcess(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string folder)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, folder, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Id = _process.Id;
    }

    public int Id { get; }

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines that it wrote.</summary>
    public string Log
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    public void Interrupt()
    {
        if (!_process.HasExited)
            _ = Signal(Id, 2);
    }

    /// <summary>Waits until it has ended and all that it wrote is in <see cref="Log"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        try
        {
            await _process.StandardInput.WriteLineAsync("ended").ConfigureAwait(false);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // Nobody waits at the pipe where the program never got as far as to be guarded.
        }

        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (_lines)
        {
            if (_lines.Count == LinesKept)
                _lines.Dequeue();
            _lines.Enqueue(line.Data);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
