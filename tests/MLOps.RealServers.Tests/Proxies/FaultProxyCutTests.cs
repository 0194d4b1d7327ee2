using System.Collections.Concurrent;
using System.Threading.Channels;

namespace MLOps.RealServers.Tests.Proxies;

public sealed class FaultProxyCutTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(1_000_003)]
    public async Task An_upload_is_cut_after_exactly_its_bytes(int afterBytes)
    {
        Channel<(byte[] Bytes, bool IsReset)> received = Channel.CreateUnbounded<(byte[], bool)>();
        await using var server = LoopbackServer.Start(async (stream, token) => await received.Writer.WriteAsync(await RawClient.ReadToEndAsync(stream, token), token));
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.CutNext(Direction.Upstream, afterBytes);
        byte[] sent = FaultProxyTests.RandomBytes(3_000_000, seed: 1);
        using (RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token))
        {
            await IgnoreCutAsync(client.Stream.WriteAsync(sent, Token).AsTask());
            (byte[] bytes, bool isReset) = await received.Reader.ReadAsync(Token);
            Assert.True(isReset);
            Assert.True(bytes.AsSpan().SequenceEqual(sent.AsSpan(0, afterBytes)), $"{bytes.Length} bytes came");
            Assert.Equal(1, proxy.Cuts);
        }

        using RawClient again = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await again.Stream.WriteAsync(sent, Token);
        again.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        (byte[] whole, bool isCutAgain) = await received.Reader.ReadAsync(Token);
        Assert.False(isCutAgain);
        Assert.True(whole.AsSpan().SequenceEqual(sent));
        Assert.Equal(1, proxy.Cuts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(1_000_003)]
    public async Task A_download_is_cut_after_exactly_its_bytes(int afterBytes)
    {
        byte[] body = FaultProxyTests.RandomBytes(3_000_000, seed: 4);
        await using var server = LoopbackServer.Start(async (stream, token) =>
        {
            await LoopbackServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync(body, token);
        });
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.CutNext(Direction.Downstream, afterBytes);
        foreach (bool isCut in new[] { true, false })
        {
            using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
            await client.SendAsync("GET / HTTP/1.1\r\n\r\n", Token);
            (byte[] bytes, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
            Assert.Equal(isCut, isReset);
            Assert.True(bytes.AsSpan().SequenceEqual(isCut ? body.AsSpan(0, afterBytes) : body), $"{bytes.Length} bytes came");
            Assert.Equal(1, proxy.Cuts);
        }
    }

    [Fact]
    public async Task Cuts_count_over_all_connections_and_each_from_its_own_call()
    {
        await using var server = StartSized();
        await using var proxy = FaultProxy.Start(server.Address);
        proxy.CutNext(Direction.Downstream, 250);
        proxy.CutNext(Direction.Downstream, 100);
        proxy.CutNext(Direction.Upstream, 1_000_000);
        Assert.Equal((60, false), await DownloadAsync(proxy, 60));
        Assert.Equal((40, true), await DownloadAsync(proxy, 60));
        Assert.Equal((150, true), await DownloadAsync(proxy, 500));
        Assert.Equal((500, false), await DownloadAsync(proxy, 500));
        Assert.Equal(2, proxy.Cuts);
    }

    [Fact]
    public async Task A_repeated_cut_goes_on_until_it_is_cancelled()
    {
        await using var server = StartSized();
        await using var proxy = FaultProxy.Start(server.Address);
        var gaps = new Queue<long>([10, 0, 70_000, 20, 5]);
        proxy.CutEvery(Direction.Downstream, gaps.Dequeue);
        Assert.Equal((10, true), await DownloadAsync(proxy, 100_000));
        Assert.Equal((0, true), await DownloadAsync(proxy, 100_000));
        Assert.Equal((70_000, true), await DownloadAsync(proxy, 100_000));
        Assert.Equal((15, false), await DownloadAsync(proxy, 15));
        Assert.Equal((5, true), await DownloadAsync(proxy, 15));
        Assert.Empty(gaps);
        proxy.CancelCuts();
        Assert.Equal((100_000, false), await DownloadAsync(proxy, 100_000));
        Assert.Equal(4, proxy.Cuts);
    }

    [Fact]
    public async Task A_client_that_tries_again_sees_a_cut_as_a_broken_connection()
    {
        ConcurrentQueue<string> heads = new();
        await using var server = LoopbackServer.StartEcho(heads);
        await using var proxy = FaultProxy.Start(server.Address);
        using var http = new HttpClient();
        await http.GetStringAsync(proxy.Endpoint, Token);
        proxy.CutNext(Direction.Upstream, 100_000);
        byte[] body = FaultProxyTests.RandomBytes(1_000_000, seed: 6);
        using (var content = new ByteArrayContent(body))
            await Assert.ThrowsAsync<HttpRequestException>(() => http.PutAsync(proxy.Endpoint, content, Token));
        using (var content = new ByteArrayContent(body))
        {
            using HttpResponseMessage answer = await http.PutAsync(proxy.Endpoint, content, Token);
            Assert.True((await answer.Content.ReadAsByteArrayAsync(Token)).AsSpan().SequenceEqual(body));
        }
        Assert.Equal(1, proxy.Cuts);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task A_cut_lies_ahead()
    {
        await using var proxy = FaultProxy.Start(new Uri("http://127.0.0.1:9"));
        Assert.Throws<ArgumentOutOfRangeException>(() => proxy.CutNext(Direction.Upstream, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => proxy.CutEvery(Direction.Upstream, () => -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => proxy.CutNext((Direction)2, 1));
        Assert.Equal(0, proxy.Cuts);
    }

    /// <summary>A server that sends as many bytes as the path says, and closes.</summary>
    private static LoopbackServer StartSized() => LoopbackServer.Start(async (stream, token) =>
    {
        string head = (await LoopbackServer.ReadHeadAsync(stream, token))!;
        await stream.WriteAsync(new byte[int.Parse(head.Split(' ')[1][1..], System.Globalization.CultureInfo.InvariantCulture)], token);
    });

    private static async Task<(int Bytes, bool IsReset)> DownloadAsync(FaultProxy proxy, int bytes)
    {
        using RawClient client = await RawClient.ConnectAsync(proxy.Endpoint, Token);
        await client.SendAsync($"GET /{bytes} HTTP/1.1\r\n\r\n", Token);
        (byte[] received, bool isReset) = await RawClient.ReadToEndAsync(client.Stream, Token);
        return (received.Length, isReset);
    }

    private static async Task IgnoreCutAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (IOException)
        {
            // The client may see the cut while it sends, or have sent all before it.
        }
    }
}
