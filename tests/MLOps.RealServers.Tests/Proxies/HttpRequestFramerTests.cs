using System.Text;

namespace MLOps.RealServers.Tests.Proxies;

public sealed class HttpRequestFramerTests
{
    private static readonly string[] Requests =
    [
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\nGET /no HTTP/1.1\r\nHost:\r\n\r\n",
        "POST /c HTTP/1.1\r\ntransfer-encoding: gzip, Chunked\r\nContent-Length: 3\r\n\r\n5;name=value\r\nab\r\nc\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: y\r\n\r\n",
        "HEAD /d HTTP/1.0\r\n\r\n",
        "DELETE /e HTTP/1.1\nContent-Length:0\n\n",
        "POST /f HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];

    [Fact]
    public void Requests_end_in_the_same_places_whatever_the_pieces()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(string.Concat(Requests));
        int[] expected = [.. Requests.Select((_, i) => Requests.Take(i + 1).Sum(request => request.Length))];
        for (int piece = 1; piece <= bytes.Length; piece++)
        {
            var framer = new HttpRequestFramer();
            List<int> ends = [];
            for (int at = 0; at < bytes.Length;)
            {
                at += framer.Advance(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
                if (framer.IsAtStart)
                    ends.Add(at);
            }
            Assert.Equal(expected, ends);
        }
    }

    [Theory]
    [InlineData("\u0016\u0003\u0001\u0002\0")]
    [InlineData("\0\0\0\u0008\u0004\u00d2\u0016/")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("GET /\r\n\r\n")]
    [InlineData("PUT / HTTP/1.1\r\nContent-Length: 12x\r\n\r\n")]
    [InlineData("PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("PUT / HTTP/1.1\r\nno colon\r\n\r\n")]
    [InlineData("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n")]
    public void What_is_not_HTTP_1_is_opaque_to_its_end(string text)
    {
        var framer = new HttpRequestFramer();
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal(bytes.Length, framer.Advance(bytes));
        Assert.True(framer.IsOpaque);
        byte[] more = "GET / HTTP/1.1\r\n\r\n"u8.ToArray();
        Assert.Equal(more.Length, framer.Advance(more));
        Assert.True(framer.IsOpaque);
    }

    [Fact]
    public void A_line_without_an_end_is_opaque()
    {
        var framer = new HttpRequestFramer();
        byte[] line = [.. Enumerable.Repeat((byte)'A', 40_000)];
        framer.Advance(line);
        Assert.False(framer.IsOpaque);
        framer.Advance(line);
        Assert.True(framer.IsOpaque);
    }

    [Theory]
    [InlineData("HTTP/1.1", "", false, false)]
    [InlineData("HTTP/1.1", "connection: Close\r\n", true, false)]
    [InlineData("HTTP/1.0", "", true, false)]
    [InlineData("HTTP/1.0", "Connection: keep-alive\r\n", false, false)]
    [InlineData("HTTP/1.1", "expect: 100-Continue\r\n", false, true)]
    public void A_head_says_how_the_client_goes_on(string version, string header, bool isLast, bool expectsContinue)
    {
        var framer = new HttpRequestFramer();
        framer.Advance(Encoding.Latin1.GetBytes($"PUT / {version}\r\n{header}Content-Length: 5\r\n\r\n"));
        Assert.Equal((isLast, expectsContinue), (framer.IsLast, framer.ExpectsContinue));
        Assert.False(framer.IsAtStart);
    }
}
