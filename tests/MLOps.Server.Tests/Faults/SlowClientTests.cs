using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MLOps.Server.Tests.Faults;

/// <summary>Clients that keep a connection and send next to nothing. The limits are the host's, Kestrel's own by default; here they are short.</summary>
public sealed class SlowClientTests
{
    // A body may need hours at a rate that is fast enough; so a bound on the time is one that no healthy machine reaches.
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_trickles_is_ended_and_the_server_goes_on()
    {
        await using HostedServer server = await HostedServer.StartAsync(limits => limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 10_000, gracePeriod: TimeSpan.FromSeconds(1.5)));
        using RawConnection slow = await RawConnection.OpenAsync(server.Address);
        await slow.SendAsync("POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"na");

        string answer = await slow.ReadToEndAsync().WaitAsync(s_bound, Cancel);

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"error_code\"", answer, StringComparison.Ordinal);
        await StillServesAsync(server.Client);
    }

    [Fact]
    public async Task Headers_that_trickle_are_ended_and_hold_up_nobody()
    {
        await using HostedServer server = await HostedServer.StartAsync(limits => limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1));
        RawConnection[] slow = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => RawConnection.OpenAsync(server.Address)));
        foreach (RawConnection connection in slow)
            await connection.SendAsync("GET /api/2.0/mlflow/experiments/get?experiment_id=0 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        await StillServesAsync(server.Client);

        string[] answers = await Task.WhenAll(slow.Select(connection => connection.ReadToEndAsync())).WaitAsync(s_bound, Cancel);

        Assert.All(answers, answer => Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal));
        foreach (RawConnection connection in slow)
            connection.Dispose();
        await StillServesAsync(server.Client);
    }

    [Fact]
    public async Task The_tool_ends_a_trickling_body_too()
    {
        string folder = Directory.CreateTempSubdirectory("mlops-slow-").FullName;
        await using (ServerProcess server = await ServerProcess.StartAsync(folder))
        {
            using RawConnection slow = await RawConnection.OpenAsync(server.Address);
            await slow.SendAsync("POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"na");

            Assert.StartsWith("HTTP/1.1 408 ", await slow.ReadToEndAsync().WaitAsync(s_bound, Cancel), StringComparison.Ordinal);
            await StillServesAsync(server.Client);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task StillServesAsync(MlflowClient client) =>
        Assert.Equal(HttpStatusCode.OK, (await client.TryGetAsync("experiments/get", ("experiment_id", "0"))).Status);
}
