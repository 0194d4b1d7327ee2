using System.Net;
using System.Net.Sockets;

namespace MLOps.RealServers;

/// <summary>A free TCP port on 127.0.0.1.</summary>
/// <remarks>
/// On Linux it stays taken until disposal by a socket that never listens: a server that allows address reuse, as all here do, can still bind it,
/// but nobody is given it by chance while the server starts or is stopped. Elsewhere it is only likely to stay free.
/// </remarks>
internal sealed class LoopbackPort : IDisposable
{
    private readonly Socket _holder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public LoopbackPort()
    {
        _holder.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Number = ((IPEndPoint)_holder.LocalEndPoint!).Port;
        if (!OperatingSystem.IsLinux())
            _holder.Dispose();
    }

    public int Number { get; }

    public void Dispose() => _holder.Dispose();
}
