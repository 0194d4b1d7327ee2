using System.Net.Sockets;
using System.Text;

namespace MLOps.Server.Tests.Tool;

/// <summary>How <c>mlops server</c> ends.</summary>
public sealed class ShutdownTests : IDisposable
{
    private const int SigInt = 2, SigTerm = 15;

    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-end-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(SigInt)]
    [InlineData(SigTerm)]
    public async Task A_signal_lets_the_requests_in_flight_end_and_leaves_nothing_to_adopt(int signal)
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder);
        using Socket connection = await BeginAsync(server);
        server.Signal(signal);
        await RefusesConnectionsAsync(server);
        await connection.SendAsync("}"u8.ToArray(), Cancel);
        Assert.StartsWith("HTTP/1.1 200", await ReadAsync(connection), StringComparison.Ordinal);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.DoesNotContain("   at ", server.Log, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.Join(_folder, "mlops.journal")));
        Assert.False(File.Exists(Path.Join(_folder, "mlops.db-wal")));
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder);
        using Socket connection = await BeginAsync(server);
        server.Signal(SigTerm);
        await RefusesConnectionsAsync(server);
        server.Signal(SigTerm);
        // The request has not ended, so that the first signal alone would not have ended it.
        Assert.NotEqual(0, await server.WaitForExitAsync());
        await using ServerProcess next = await ServerProcess.StartAsync(_folder);
        Assert.Equal(0, await next.StopAsync());
    }

    // A request whose body lacks its last byte.
    private static async Task<Socket> BeginAsync(ServerProcess server)
    {
        const string body = "{\"name\":\"slow\"";
        Socket connection = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await connection.ConnectAsync("127.0.0.1", server.Address.Port, Cancel);
        string head = $"POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length + 1}\r\nExpect: 100-continue\r\n\r\n";
        await connection.SendAsync(Encoding.ASCII.GetBytes(head), Cancel);
        // The server asks for the body once it has begun to work on the request.
        byte[] asked = new byte[64];
        int length = await connection.ReceiveAsync(asked, Cancel);
        Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(asked, 0, length), StringComparison.Ordinal);
        await connection.SendAsync(Encoding.ASCII.GetBytes(body), Cancel);
        return connection;
    }

    private static async Task RefusesConnectionsAsync(ServerProcess server)
    {
        while (true)
        {
            try
            {
                using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await probe.ConnectAsync("127.0.0.1", server.Address.Port, Cancel);
            }
            catch (SocketException)
            {
                return;
            }

            // The pause paces the asking; nothing is concluded from it.
            await Task.Delay(20, Cancel);
        }
    }

    private static async Task<string> ReadAsync(Socket connection)
    {
        byte[] answer = new byte[4096];
        return Encoding.ASCII.GetString(answer, 0, await connection.ReceiveAsync(answer, Cancel));
    }
}
