using System.Net.Sockets;
using System.Text;

namespace MLOps.Server.Tests.Faults;

/// <summary>A TCP connection on which a test writes HTTP byte by byte, as no client library would.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawConnection(TcpClient client) => (_client, _stream) = (client, client.GetStream());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RawConnection> OpenAsync(Uri server)
    {
        TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, Cancel);
        return new RawConnection(client);
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Sends text as Latin-1, so that each char below 256 is one byte.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, Cancel);

    /// <summary>Reads until the server closes the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        MemoryStream all = new();
        try
        {
            await _stream.CopyToAsync(all, Cancel);
        }
        catch (IOException)
        {
            // A reset ends it as well.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Closes it with a reset, as a client that dies does.</summary>
    public void Drop()
    {
        _client.LingerState = new LingerOption(enable: true, seconds: 0);
        _client.Dispose();
    }
}
