using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MLOps.RealServers.Tests.Proxies;

public sealed class FaultProxyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_endpoint_is_the_target_at_a_port_of_its_own()
    {
        await using var proxy = FaultProxy.Start(new Uri("http://localhost:9/bucket/key?x=1"));
        Assert.Equal("127.0.0.1", proxy.Endpoint.Host);
        Assert.NotEqual(9, proxy.Endpoint.Port);
        Assert.Equal("/bucket/key?x=1", proxy.Endpoint.PathAndQuery);
        Assert.Throws<ArgumentException>(() => FaultProxy.Start(new Uri("tcp://localhost")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Large_bodies_pass_unmodified_both_ways_on_one_connection(bool isChunked)
    {
        ConcurrentQueue<string> heads = new();
        await using var server = LoopbackServer.StartEcho(heads);
        await using var proxy = FaultProxy.Start(server.Address);
        using var http = new HttpClient { DefaultRequestHeaders = { TransferEncodingChunked = isChunked } };
        for (int seed = 1; seed <= 3; seed++)
        {
            byte[] body = RandomBytes(5_000_001, seed);
            using var content = new ByteArrayContent(body);
            using HttpResponseMessage answer = await http.PutAsync(proxy.Endpoint, content, Token);
            Assert.True((await answer.Content.ReadAsByteArrayAsync(Token)).AsSpan().SequenceEqual(body));
        }
        Assert.Equal(1, server.Connections);
        Assert.Equal(3, proxy.Requests);
        Assert.All(heads, head => Assert.StartsWith($"PUT /store HTTP/1.1\r\nHost: 127.0.0.1:{proxy.Endpoint.Port}\r\n", head));
    }

    [Fact]
    public async Task A_protocol_that_is_not_HTTP_passes_unmodified_with_its_half_close()
    {
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            (byte[] bytes, _) = await RawClient.ReadToEndAsync(stream, token);
            await stream.WriteAsync(bytes, token);
        });
        await using var proxy = FaultProxy.Start(server.Address);
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        byte[] sent = [0, .. RandomBytes(3_000_000, seed: 7)];
        await client.Stream.WriteAsync(sent, Token);
        client.Socket.Shutdown(SocketShutdown.Send);
        (byte[] received, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
        Assert.False(isReset);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task An_HTTP_1_0_answer_ends_with_its_connection()
    {
        byte[] body = RandomBytes(1_000_000, seed: 3);
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            await LoopbackServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.0 200 OK\r\n\r\n"u8.ToArray(), token);
            await stream.WriteAsync(body, token);
        });
        await using var proxy = FaultProxy.Start(server.Address);
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n", Token);
        (byte[] received, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
        Assert.False(isReset);
        Assert.True(received.AsSpan().SequenceEqual([.. "HTTP/1.0 200 OK\r\n\r\n"u8, .. body]));
    }

    [Fact]
    public async Task Each_request_is_delayed_once_however_large_it_is()
    {
        var clock = new RecordingClock();
        await using var server = LoopbackServer.StartEcho(new());
        await using var proxy = FaultProxy.Start(server.Address, clock);
        using var http = new HttpClient();
        await http.GetStringAsync(proxy.Endpoint, Token);
        Assert.Empty(clock.Asked);

        proxy.Delay = TimeSpan.FromHours(10);
        await http.GetStringAsync(proxy.Endpoint, Token);
        using var content = new ByteArrayContent(RandomBytes(4_000_000, seed: 5));
        using HttpResponseMessage put = await http.PutAsync(proxy.Endpoint, content, Token);
        using var expecting = new HttpRequestMessage(HttpMethod.Put, proxy.Endpoint) { Content = new StringContent("later"), Headers = { ExpectContinue = true } };
        using HttpResponseMessage expected = await http.SendAsync(expecting, Token);
        Assert.Equal("later", await expected.Content.ReadAsStringAsync(Token));

        Assert.Equal(Enumerable.Repeat(TimeSpan.FromHours(10), 3), clock.Asked);
        Assert.Equal(4, proxy.Requests);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Delays_of_connections_run_side_by_side()
    {
        var clock = new RecordingClock(isHeld: true);
        ConcurrentQueue<string> heads = new();
        await using var server = LoopbackServer.StartEcho(heads);
        await using var proxy = FaultProxy.Start(server.Address, clock);
        proxy.Delay = TimeSpan.FromMilliseconds(10);
        using var http = new HttpClient();
        Task<string>[] answers = [.. Enumerable.Range(0, 3).Select(_ => http.GetStringAsync(proxy.Endpoint, Token))];
        Action[] bells = [await clock.NextAsync(Token), await clock.NextAsync(Token), await clock.NextAsync(Token)];
        Assert.Empty(heads);
        Assert.All(answers, answer => Assert.False(answer.IsCompleted));
        foreach (Action bell in bells)
            bell();
        await Task.WhenAll(answers);
        Assert.Equal(3, heads.Count);
    }

    [Fact]
    public async Task Requests_of_an_unknown_protocol_are_told_apart_by_what_the_server_says()
    {
        var clock = new RecordingClock();
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            byte[] question = new byte[4];
            while (true)
            {
                await stream.ReadExactlyAsync(question, token);
                await stream.WriteAsync(question, token);
            }
        });
        await using var proxy = FaultProxy.Start(server.Address, clock);
        proxy.Delay = TimeSpan.FromSeconds(1);
        proxy.Answer(503, times: 1);
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        for (int i = 0; i < 3; i++)
        {
            await client.SendAsync("\0abc", Token);
            await client.Stream.ReadExactlyAsync(new byte[4], Token);
        }
        Assert.Equal(3, proxy.Requests);
        Assert.Equal(3, clock.Asked.Count);
        Assert.Equal(0, proxy.Answered);
    }

    [Fact]
    public async Task A_server_that_is_away_refuses_and_comes_back_at_the_same_address()
    {
        var asked = new TaskCompletionSource();
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            string head = await LoopbackServer.ReadHeadAsync(stream, token) ?? "";
            if (head.Contains("/slow", StringComparison.Ordinal))
            {
                asked.SetResult();
                await stream.ReadExactlyAsync(new byte[1], token);
            }
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray(), token);
        });
        await using var proxy = FaultProxy.Start(server.Address);
        for (int i = 0; i < 3; i++)
        {
            asked = new TaskCompletionSource();
            using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
            await client.SendAsync("GET /slow HTTP/1.1\r\n\r\n", Token);
            await asked.Task.WaitAsync(Token);

            proxy.Refuse = true;
            Assert.True(proxy.Refuse);
            (byte[] bytes, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
            Assert.True(isReset);
            Assert.Empty(bytes);
            SocketException refused = await Assert.ThrowsAsync<SocketException>(() => RawClient.ConnectAsync(proxy.Endpoint, Token));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);

            proxy.Refuse = false;
            using var http = new HttpClient();
            Assert.Equal("ok", await http.GetStringAsync(proxy.Endpoint, Token));
        }
        Assert.Equal(0, proxy.Cuts);
    }

    [Fact]
    public async Task A_target_that_is_away_resets_its_clients()
    {
        var server = LoopbackServer.StartEcho(new());
        await using var proxy = FaultProxy.Start(server.Address);
        await server.DisposeAsync();
        Assert.True(await IsResetAsync());

        async Task<bool> IsResetAsync()
        {
            try
            {
                using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
                return (await RawClient.ReadToEndAsync(client.Stream, Token)).IsReset;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                // The reset may come before the client has looked at its connection.
                return true;
            }
        }
    }

    [Fact]
    public async Task While_it_stalls_requests_go_up_and_nothing_comes_down()
    {
        byte[] body = RandomBytes(2_000_000, seed: 11);
        var second = new TaskCompletionSource();
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            await LoopbackServer.ReadHeadAsync(stream, token);
            Task sending = stream.WriteAsync(body, token).AsTask();
            await LoopbackServer.ReadHeadAsync(stream, token);
            second.SetResult();
            await sending;
        });
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.Stall = true;
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        Task<(byte[] Bytes, bool IsReset)> reading = RawClient.ReadToEndAsync(client.Stream, Token);
        await client.SendAsync("GET /1 HTTP/1.1\r\n\r\n", Token);
        await client.SendAsync("GET /2 HTTP/1.1\r\n\r\n", Token);
        await second.Task.WaitAsync(Token);
        Assert.True(proxy.Stall);
        Assert.False(reading.IsCompleted);
        Assert.Equal(0, client.Socket.Available);

        proxy.Stall = false;
        (byte[] received, bool isReset) = await reading;
        Assert.False(isReset);
        Assert.True(body.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Disposal_cuts_what_runs_even_while_it_stalls_or_delays()
    {
        var clock = new RecordingClock(isHeld: true);
        var answered = new TaskCompletionSource();
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            await LoopbackServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), token);
            answered.SetResult();
            await stream.ReadExactlyAsync(new byte[1], token);
        });
        var proxy = FaultProxy.Start(server.Address, clock);
        proxy.Stall = true;
        using RawClient stalled = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await stalled.SendAsync("GET / HTTP/1.1\r\n\r\n", Token);
        await answered.Task.WaitAsync(Token);
        proxy.Delay = TimeSpan.FromSeconds(1);
        using RawClient delayed = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await delayed.SendAsync("GET / HTTP/1.1\r\n\r\n", Token);
        await clock.NextAsync(Token);
        await proxy.DisposeAsync();
        Assert.True((await RawClient.ReadToEndAsync(stalled.Stream, Token)).IsReset);
        Assert.True((await RawClient.ReadToEndAsync(delayed.Stream, Token)).IsReset);
        await proxy.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => proxy.Refuse = false);
    }

    internal static byte[] RandomBytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
