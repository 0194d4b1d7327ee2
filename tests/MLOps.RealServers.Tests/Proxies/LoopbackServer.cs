using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MLOps.RealServers.Tests.Proxies;

/// <summary>A server on loopback that treats each connection as a test says.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly Func<NetworkStream, CancellationToken, Task> _serve;
    private int _connections;

    private LoopbackServer(Func<NetworkStream, CancellationToken, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _running.Add(AcceptAsync());
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/store");

    public int Connections => Volatile.Read(ref _connections);

    public static LoopbackServer Start(Func<NetworkStream, CancellationToken, Task> serve) => new(serve);

    /// <summary>An HTTP/1.1 server that sends each body back as it was framed, and keeps the heads in the order they came.</summary>
    public static LoopbackServer StartEcho(ConcurrentQueue<string> heads) => new(async (stream, cancellationToken) =>
    {
        while (await ReadHeadAsync(stream, cancellationToken) is { } head)
        {
            heads.Enqueue(head);
            if (head.Contains("Expect: 100-continue", StringComparison.OrdinalIgnoreCase))
                await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
            byte[] body = [];
            if (head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
            {
                body = await ReadChunksAsync(stream, cancellationToken);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), cancellationToken);
                foreach (byte[] chunk in body.Chunk(100_000))
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), cancellationToken);
                    await stream.WriteAsync(chunk, cancellationToken);
                    await stream.WriteAsync("\r\n"u8.ToArray(), cancellationToken);
                }
                await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken);
                continue;
            }
            string? length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            if (length is not null)
            {
                body = new byte[int.Parse(length.Split(':')[1], CultureInfo.InvariantCulture)];
                await stream.ReadExactlyAsync(body, cancellationToken);
            }
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n"), cancellationToken);
            await stream.WriteAsync(body, cancellationToken);
        }
    });

    /// <summary>Reads a head to its blank line, a byte at a time so that nothing behind it is taken; null at the end of the stream.</summary>
    public static async Task<string?> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0)
                return null;
            head.Append((char)one[0]);
        }
        return head.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private static async Task<byte[]> ReadChunksAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        byte[] one = new byte[1];
        while (true)
        {
            var line = new StringBuilder();
            while (line.Length == 0 || line[^1] != '\n')
            {
                await stream.ReadExactlyAsync(one, cancellationToken);
                line.Append((char)one[0]);
            }
            byte[] chunk = new byte[int.Parse(line.ToString().Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(chunk, cancellationToken);
            await stream.ReadExactlyAsync(new byte[2], cancellationToken);
            if (chunk.Length == 0)
                return body.ToArray();
            body.Write(chunk);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _running.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await _serve(client.GetStream(), _stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Cut, or the test is over.
            }
        }
    }
}
