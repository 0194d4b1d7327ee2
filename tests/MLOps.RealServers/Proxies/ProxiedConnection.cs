using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MLOps.RealServers;

/// <summary>One connection through a <see cref="FaultProxy"/>: the client's socket, the server's, and a pump each way.</summary>
internal sealed class ProxiedConnection(FaultProxy proxy, Socket client) : IDisposable
{
    private const int BufferBytes = 256 * 1024;

    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _ended = new();
    private readonly HttpRequestFramer _framer = new();
    private volatile bool _serverSpoke;

    /// <summary>Forwards until both sides have ended, or one breaks.</summary>
    public async Task RunAsync()
    {
        await OrResetAsync(ConnectAsync);
        await Task.WhenAll(OrResetAsync(PumpUpstreamAsync), OrResetAsync(PumpDownstreamAsync));
    }

    /// <summary>Breaks the connection off on both sides: each sees a reset.</summary>
    public void Reset()
    {
        _ended.Cancel();
        Reset(client);
        Reset(_server);
    }

    /// <summary>Closes both sockets and frees what the connection held.</summary>
    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already reset by the other side, or closed.
        }
        socket.Close(0);
    }

    private async Task OrResetAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            Reset();
            if (e is not (SocketException or ObjectDisposedException or OperationCanceledException))
                throw;
        }
    }

    private async Task ConnectAsync()
    {
        client.NoDelay = true;
        await _server.ConnectAsync(proxy.Target.IdnHost, proxy.Target.Port, _ended.Token);
    }

    private async Task PumpUpstreamAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            PlannedAnswer? answer = null;
            bool isLeaving = false;
            int read;
            while ((read = await client.ReceiveAsync(buffer, _ended.Token)) > 0)
            {
                // A client that was told to close may still send its body: reading it keeps the answer from being lost in a reset.
                for (int at = 0, length; at < read && !isLeaving; at += length)
                {
                    bool begins = _framer.IsOpaque ? _serverSpoke : _framer.IsAtStart;
                    length = _framer.Advance(buffer.AsSpan(at, read - at));
                    if (begins)
                        answer = await BeginRequestAsync();
                    if (answer is null)
                        await ForwardAsync(Direction.Upstream, _server, buffer.AsMemory(at, length));
                    else if (_framer.IsOpaque)
                        throw new SocketException((int)SocketError.ProtocolNotSupported);
                    else if (_framer.IsAtStart || _framer.ExpectsContinue)
                    {
                        isLeaving = _framer.IsLast || _framer.ExpectsContinue;
                        await AnswerAsync(answer, isLeaving);
                        answer = null;
                    }
                }
            }
            _server.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task PumpDownstreamAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await _server.ReceiveAsync(buffer, _ended.Token)) > 0)
            {
                await proxy.FlowAsync(_ended.Token);
                _serverSpoke = true;
                await ForwardAsync(Direction.Downstream, client, buffer.AsMemory(0, read));
            }
            await proxy.FlowAsync(_ended.Token);
            client.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<PlannedAnswer?> BeginRequestAsync()
    {
        _serverSpoke = false;
        PlannedAnswer? answer = proxy.BeginRequest(isAnswerable: !_framer.IsOpaque);
        if (proxy.Delay is { Ticks: > 0 } delay)
            await Task.Delay(delay, proxy.Clock, _ended.Token);
        return answer;
    }

    private async Task ForwardAsync(Direction direction, Socket to, ReadOnlyMemory<byte> bytes)
    {
        int passing = proxy.PlanOf(direction).Pass(bytes.Length, out bool isCut);
        await SendAsync(to, bytes[..passing]);
        if (!isCut)
            return;
        await DeliverAsync(to);
        proxy.CountCut();
        Reset();
        _ended.Token.ThrowIfCancellationRequested();
    }

    private async Task AnswerAsync(PlannedAnswer answer, bool isLast)
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} \r\n");
        if (answer.Status is not 204)
            head.Append("Content-Length: 0\r\n");
        if (isLast)
            head.Append("Connection: close\r\n");
        foreach ((string name, string value) in answer.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        await proxy.FlowAsync(_ended.Token);
        proxy.CountAnswer();
        await SendAsync(client, Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
        if (isLast)
            client.Shutdown(SocketShutdown.Send);
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await to.SendAsync(bytes, _ended.Token)..];
    }

    // A reset throws away what the kernel has taken but not sent, so the bytes before a cut go first. A reader that does not
    // read for 2 s loses them; so may one on a system other than Linux.
    private async Task DeliverAsync(Socket to)
    {
        const int tcp = 6, tcpInfo = 11, unackedAt = 24, notSentAt = 144;
        if (!OperatingSystem.IsLinux())
            return;
        byte[] info = new byte[notSentAt + sizeof(uint)];
        for (int attempt = 0; attempt < 2000; attempt++)
        {
            int length = to.GetRawSocketOption(tcp, tcpInfo, info);
            if (length < info.Length || (Number(unackedAt) | Number(notSentAt)) == 0)
                return;
            await Task.Delay(1, _ended.Token);
        }

        uint Number(int at) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(at)) : BinaryPrimitives.ReadUInt32BigEndian(info.AsSpan(at));
    }
}
