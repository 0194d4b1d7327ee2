using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace MLOps.Server.Tests;

/// <summary>The tool <c>mlops server</c> as a process of its own, on a free port of 127.0.0.1, in a folder of its own.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private ServerProcess(Process process, Uri address, string folder)
    {
        (_process, Address, Folder) = (process, address, folder);
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Client = new MlflowClient(address);
    }

    public Uri Address { get; }

    /// <summary>Its working directory, which stays when it ends.</summary>
    public string Folder { get; }

    /// <summary>Asks it as MLflow's clients do.</summary>
    public MlflowClient Client { get; }

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has written until now.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <param name="folder">Its working directory, where it finds what an earlier one left.</param>
    /// <param name="flags">Its flags besides the port; the store is <c>sqlite:///mlops.db</c> in the folder.</param>
    public static async Task<ServerProcess> StartAsync(string folder, params string[] flags)
    {
        Directory.CreateDirectory(folder);
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort();
            ServerProcess server = new(Start(folder, ["server", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture), .. flags]), new Uri($"http://127.0.0.1:{port}"), folder);
            if (await server.IsReadyAsync())
                return server;
            string log = server.Log;
            await server.DisposeAsync();
            // Somebody else may have taken the port in between.
            if (attempt == 3 || !log.Contains("address already in use", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException($"mlops server did not come up in {folder}:\n{log}");
        }
    }

    /// <summary>Runs the tool to its end.</summary>
    public static Task<(int ExitCode, string Output)> RunToolAsync(string folder, params string[] arguments) => RunToolAsync(folder, [], arguments);

    /// <summary>Runs the tool to its end, with environment variables.</summary>
    public static async Task<(int ExitCode, string Output)> RunToolAsync(string folder, IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        using Process process = Start(folder, arguments, environment);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Kills it with SIGKILL and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Asks it with SIGTERM to end, and waits until it has.</summary>
    public async Task<int> StopAsync()
    {
        Signal(15);
        return await WaitForExitAsync();
    }

    /// <summary>Sends it a signal.</summary>
    public void Signal(int signal) => Assert.Equal(0, Signal(_process.Id, signal));

    /// <summary>Waits until it has ended.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private static Process Start(string folder, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)>? environment = null)
    {
        string bin = Path.GetFullPath(Path.Join(AppContext.BaseDirectory, "..", "..", "MLOps.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "mlops.dll"));
        ProcessStartInfo start = new("dotnet", [bin, .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private async Task<bool> IsReadyAsync()
    {
        while (!_process.HasExited)
        {
            try
            {
                using HttpResponseMessage answer = await Client.Http.GetAsync("health", TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                    return true;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet. The pause paces the asking; nothing is concluded from it.
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        return false;
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (_log)
            _log.AppendLine(line.Data);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
