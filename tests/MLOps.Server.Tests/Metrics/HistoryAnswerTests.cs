using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Metrics;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Tests.Metrics;

public sealed class HistoryAnswerTests
{
    [Fact]
    public async Task A_history_goes_out_in_pieces()
    {
        MetricPoint[] points = [.. Enumerable.Range(0, 20_000).Select(i => new MetricPoint(i, 1_700_000_000_000 + i, i / 7.0))];
        PieceStream body = new();
        HttpContext http = await AskAsync("metrics/get-history", "?run_id=a&metric_key=loss", _ => points, body);
        Assert.Equal(200, http.Response.StatusCode);
        Assert.InRange(body.Pieces.Max(), 1, 64 << 10);
        Assert.InRange(body.Pieces.Count, 20, 200);
        Assert.Equal(points, JsonNode.Parse(body.ToArray())!["metrics"]!.AsArray().Select(point => new MetricPoint((long)point!["step"]!, (long)point["timestamp"]!, (double)point["value"]!)));
    }

    [Theory]
    [InlineData("metrics/get-history-bulk", "?run_id=a&run_id=b&metric_key=loss")]
    [InlineData("metrics/get-history-bulk-interval", "?run_ids=a&run_ids=b&metric_key=loss")]
    public async Task What_fails_in_the_middle_is_answered_with_an_error_alone(string path, string query)
    {
        PieceStream body = new();
        HttpContext http = await AskAsync(path, query, run => run.Value == "a" ? [new MetricPoint(1, 1, 1)] : throw new TrackingStoreException("The store is away.", isTransient: true), body);
        Assert.Equal((503, "1"), (http.Response.StatusCode, http.Response.Headers.RetryAfter.ToString()));
        Assert.Equal("""{"error_code":"TEMPORARILY_UNAVAILABLE","message":"The store is away."}""", Encoding.UTF8.GetString(body.ToArray()));
    }

    [Fact]
    public async Task No_points_are_an_empty_object()
    {
        PieceStream body = new();
        await AskAsync("metrics/get-history-bulk", "?run_id=a&metric_key=loss", _ => [], body);
        Assert.Equal("{}", Encoding.UTF8.GetString(body.ToArray()));
    }

    private static async Task<HttpContext> AskAsync(string path, string query, Func<RunId, MetricPoint[]> read, Stream body)
    {
        DefaultHttpContext http = new();
        http.Request.Method = "GET";
        http.Request.Host = new HostString("localhost");
        http.Request.QueryString = new QueryString(query);
        http.Response.Body = body;
        IOptions<MLOpsServerOptions> options = Options.Create(new MLOpsServerOptions());
        MlflowDispatcher dispatcher = new(new AccessGate(options), options, NullLogger<MlflowDispatcher>.Instance);
        await dispatcher.For(new HistoryRoutes(SeriesProxy.Over(read)).Routes.Single(route => route.Path == path))(http);
        return http;
    }

    private sealed class PieceStream : MemoryStream
    {
        public List<int> Pieces { get; } = [];

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Pieces.Add(buffer.Length);
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
