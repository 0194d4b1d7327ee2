using System.Collections.Concurrent;
using System.Net;

namespace MLOps.RealServers.Tests.Proxies;

public sealed class FaultProxyAnswerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_next_requests_are_answered_when_they_are_read_and_the_connection_stays(bool isChunked)
    {
        ConcurrentQueue<string> heads = new();
        await using var server = LoopbackServer.StartEcho(heads);
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.Answer(503, times: 2, new Dictionary<string, string> { ["Retry-After"] = "7", ["x-ms-error-code"] = "ServerBusy" });
        proxy.Answer(429, times: 1);
        using var http = new HttpClient { DefaultRequestHeaders = { TransferEncodingChunked = isChunked } };
        List<HttpStatusCode> seen = [];
        byte[] body = FaultProxyTests.RandomBytes(3_000_000, seed: 2);
        for (int i = 0; i < 4; i++)
        {
            using var content = new ByteArrayContent(body);
            using HttpResponseMessage answer = await http.PutAsync(proxy.Endpoint, content, Token);
            seen.Add(answer.StatusCode);
            byte[] back = await answer.Content.ReadAsByteArrayAsync(Token);
            Assert.True(back.AsSpan().SequenceEqual(i < 3 ? [] : body));
            Assert.Equal(i < 2 ? "7" : null, answer.Headers.RetryAfter?.ToString());
            Assert.Equal(i < 2, answer.Headers.Contains("x-ms-error-code"));
        }
        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests, HttpStatusCode.OK], seen);
        Assert.Single(heads);
        Assert.Equal(1, server.Connections);
        Assert.Equal((4, 3), (proxy.Requests, proxy.Answered));
    }

    [Fact]
    public async Task A_request_that_expects_100_continue_is_answered_before_its_body()
    {
        ConcurrentQueue<string> heads = new();
        await using var server = LoopbackServer.StartEcho(heads);
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.Answer(503, times: 1);
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await client.SendAsync("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", Token);
        (byte[] bytes, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
        Assert.False(isReset);
        Assert.Equal("HTTP/1.1 503 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8, bytes);

        // A body that comes all the same is read away: neither a reset nor a second request.
        await client.SendAsync("hello", Token);
        using var http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan });
        proxy.Answer(429, times: 1);
        foreach (HttpStatusCode expected in new[] { HttpStatusCode.TooManyRequests, HttpStatusCode.OK })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, proxy.Endpoint) { Content = new StringContent("hello"), Headers = { ExpectContinue = true } };
            using HttpResponseMessage answer = await http.SendAsync(request, Token);
            Assert.Equal(expected, answer.StatusCode);
        }
        Assert.Single(heads);
        Assert.Equal((3, 2), (proxy.Requests, proxy.Answered));
    }

    [Fact]
    public async Task A_client_that_closes_after_its_request_is_closed_after_the_answer()
    {
        await using var server = LoopbackServer.StartEcho(new());
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.Answer(204, times: 1);
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await client.SendAsync("DELETE / HTTP/1.1\r\nConnection: close\r\n\r\n", Token);
        (byte[] bytes, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
        Assert.False(isReset);
        Assert.Equal("HTTP/1.1 204 \r\nConnection: close\r\n\r\n"u8, bytes);
    }

    [Fact]
    public async Task An_answer_needs_a_final_status_and_a_count()
    {
        await using var proxy = FaultProxy.Start(new Uri("http://127.0.0.1:9"));
        Assert.Throws<ArgumentOutOfRangeException>(() => proxy.Answer(100, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => proxy.Answer(600, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => proxy.Answer(503, 0));
    }
}
