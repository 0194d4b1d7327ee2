using System.Net.Sockets;
using System.Text;

namespace MLOps.RealServers.Tests.Proxies;

/// <summary>A client that says exactly the bytes a test wants.</summary>
internal sealed class RawClient(Socket socket) : IDisposable
{
    public NetworkStream Stream { get; } = new(socket, ownsSocket: true);

    public Socket Socket => socket;

    public static async Task<RawClient> ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken);
        return new RawClient(socket);
    }

    public ValueTask SendAsync(string text, CancellationToken cancellationToken) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken);

    /// <summary>Reads to the end, or to the reset, of a stream.</summary>
    public static async Task<(byte[] Bytes, bool IsReset)> ReadToEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
                bytes.Write(buffer, 0, read);
            return (bytes.ToArray(), false);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return (bytes.ToArray(), true);
        }
    }

    public void Dispose() => Stream.Dispose();
}
