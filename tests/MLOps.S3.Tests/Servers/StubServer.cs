using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MLOps.S3.Tests.Servers;

/// <summary>Answers every request with what a test says that a server would, for what no server here can be brought to say.</summary>
internal sealed class StubServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, (int Status, string Headers, string Body)> _answer;

    /// <param name="answer">Given the head of a request, gives the answer.</param>
    public StubServer(Func<string, (int Status, string Headers, string Body)> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    public Uri Endpoint => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The heads of the requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static string Error(string code, string more = "") =>
        $"""<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>The server said {code}.</Message>{more}<RequestId>1</RequestId></Error>""";

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                string head = await ReadHeadAsync(stream);
                Requests.Enqueue(head);
                long length = head.Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Select(line => long.Parse(line[15..], CultureInfo.InvariantCulture)).FirstOrDefault();
                if (head.Contains("100-continue", StringComparison.Ordinal))
                    await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
                byte[] body = new byte[length];
                await stream.ReadExactlyAsync(body);
                (int status, string headers, string text) = _answer(head);
                int bytes = head.StartsWith("HEAD", StringComparison.Ordinal) ? 0 : Encoding.UTF8.GetByteCount(text);
                await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} Said\r\nConnection: close\r\n{headers}Content-Length: {bytes}\r\n\r\n{(bytes == 0 ? "" : text)}"));
            }
        }
        catch (IOException)
        {
            // The client has gone.
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(next) > 0)
            head.Append((char)next[0]);
        return head.ToString();
    }
}
