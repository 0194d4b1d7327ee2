using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MLOps.Runtime.Tests.Spot;

/// <summary>Stands for a metadata service on the loopback address: answers what a test says, and keeps what it was asked.</summary>
internal sealed class MetadataStub : IAsyncDisposable
{
    private readonly Func<StubRequest, StubAnswer?> _answer;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<StubRequest> _requests = new();
    private readonly SemaphoreSlim _asked = new(0);
    private readonly Task _serving;

    /// <summary>Starts to serve.</summary>
    /// <param name="answer">What is answered; null leaves the asker waiting.</param>
    public MetadataStub(Func<StubRequest, StubAnswer?> answer)
    {
        _answer = answer;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)}/");
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    public StubRequest[] Requests => [.. _requests];

    public IEnumerable<string> Lines => Requests.Select(request => $"{request.Method} {request.Target}");

    /// <summary>An address at which nobody listens.</summary>
    public static Uri Nowhere()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)}/");
    }

    /// <summary>Waits until one more request has arrived.</summary>
    public async Task AskedAsync() => Assert.True(await _asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
        _asked.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> conversations = [];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                conversations.Add(ConverseAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.WhenAll(conversations);
    }

    private async Task ConverseAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request)
                    return;
                _requests.Enqueue(request);
                StubAnswer? answer = _answer(request);
                _asked.Release();
                if (answer is null)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                await stream.WriteAsync(answer!.ToBytes(), _stop.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The asker has left, or the test is over.
            }
        }
    }

    private async Task<StubRequest?> ReadAsync(NetworkStream stream)
    {
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        if (await reader.ReadLineAsync(_stop.Token) is not { } first)
            return null;
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        string[] parts = first.Split(' ');
        return new StubRequest(parts[0], parts[1], headers);
    }
}
