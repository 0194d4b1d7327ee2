using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The tool <c>mlops server</c>, or another server, as a process of its own, asked over loopback.</summary>
internal sealed class MlflowServer : IAsyncDisposable
{
    private readonly Process _process;

    private MlflowServer(Process process, Uri address)
    {
        _process = process;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10) }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
    }

    public HttpClient Http { get; }

    public static string Tool => Path.GetFullPath(Path.Join(AppContext.BaseDirectory, "..", "..", "MLOps.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "mlops"));

    /// <summary>Starts the tool in a folder.</summary>
    public static async Task<MlflowServer> StartAsync(string folder)
    {
        (MlflowServer server, _) = await StartAsync(Tool, folder, port => ["server", "--port", port]);
        return server;
    }

    /// <summary>Starts a program that is told its port.</summary>
    /// <returns>The server, and the milliseconds from the start of its process to its first answer.</returns>
    public static async Task<(MlflowServer Server, double ReadyMs)> StartAsync(string program, string folder, Func<string, string[]> arguments)
    {
        string port = FreePort().ToString(CultureInfo.InvariantCulture);
        long start = Stopwatch.GetTimestamp();
        Process process = Process.Start(new ProcessStartInfo(program, arguments(port)) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        MlflowServer server = new(process, new Uri($"http://127.0.0.1:{port}"));
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await server.Http.GetAsync("health");
                if (answer.IsSuccessStatusCode)
                    return (server, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            catch (HttpRequestException)
            {
                if (process.HasExited)
                    throw new InvalidOperationException($"{program} ended with {process.ExitCode}:\n{await errors}");
                await Task.Delay(1);
            }
        }
    }

    /// <summary>Sends JSON below <c>/api/2.0/mlflow/</c> and reads the answer.</summary>
    public async Task<JsonElement> PostAsync(string path, string json)
    {
        using HttpResponseMessage answer = await Http.PostAsync($"api/2.0/mlflow/{path}", Json(Encoding.UTF8.GetBytes(json)));
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode ? JsonElement.Parse(body) : throw new InvalidOperationException($"{path} was answered with {(int)answer.StatusCode}: {Encoding.UTF8.GetString(body)}");
    }

    public async Task<string> CreateRunAsync(string experiment = "0") =>
        (await PostAsync("runs/create", $$"""{"experiment_id":"{{experiment}}","start_time":1700000000000}""")).GetProperty("run").GetProperty("info").GetProperty("run_id").GetString()!;

    public static ByteArrayContent Json(byte[] utf8) => new(utf8) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    /// <summary>An entry of <c>/proc/PID/status</c> in MiB, as <c>VmRSS</c> and <c>VmHWM</c>.</summary>
    public double MebibytesOf(string entry)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(entry + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture) / 1024.0;
    }

    /// <summary>Makes Linux forget the peak of the resident set until now.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{_process.Id}/clear_refs", "5");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
