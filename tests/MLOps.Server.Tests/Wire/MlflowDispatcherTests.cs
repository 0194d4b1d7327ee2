using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Wire;

namespace MLOps.Server.Tests.Wire;

public sealed class MlflowDispatcherTests
{
    private const long MaxRequestBytes = 64 << 10;

    private readonly MlflowDispatcher _dispatcher;

    public MlflowDispatcherTests()
    {
        IOptions<MLOpsServerOptions> options = Options.Create(new MLOpsServerOptions { MaxRequestBytes = MaxRequestBytes });
        _dispatcher = new MlflowDispatcher(new AccessGate(options), options, NullLogger<MlflowDispatcher>.Instance);
    }

    [Theory]
    [InlineData("POST", "application/json; charset=utf-8", true)]
    [InlineData("POST", "Application/JSON", true)]
    [InlineData("POST", "application/json ;x", true)]
    [InlineData("POST", "text/plain", false)]
    [InlineData("POST", "application/jsonp", false)]
    [InlineData("POST", null, false)]
    [InlineData("PUT", null, false)]
    [InlineData("PATCH", "text/plain", true)]
    [InlineData("PATCH", null, true)]
    [InlineData("DELETE", null, true)]
    [InlineData("GET", null, true)]
    public async Task Rule_1_2_only_POST_and_PUT_must_say_that_they_send_JSON(string method, string? type, bool isTaken)
    {
        HttpContext http = await SendAsync(method, """{"a":"b"}""", request => request.ContentType = type);
        Assert.Equal(isTaken ? 200 : 400, http.Response.StatusCode);
        if (!isTaken)
        {
            JsonNode error = JsonNode.Parse(TextOf(http))!;
            Assert.Equal("INVALID_PARAMETER_VALUE", (string?)error["error_code"]);
            Assert.Equal(type is null ? "Bad Request. Content-Type header is missing." : "Bad Request. Content-Type must be one of ['application/json'].", (string?)error["message"]);
        }
    }

    [Fact]
    public async Task Rule_1_2_a_GET_takes_its_query_and_without_one_its_body()
    {
        Assert.Equal("from query", TextOf(await SendAsync("GET", """{"a":"from body"}""", request => request.QueryString = new("?a=from%20query"))));
        Assert.Equal("from body", TextOf(await SendAsync("GET", """{"a":"from body"}""")));
        Assert.Equal("from body", TextOf(await SendAsync("POST", """{"a":"from body"}""", request =>
        {
            request.ContentType = "application/json";
            request.QueryString = new("?a=from%20query");
        })));
    }

    [Fact]
    public async Task Bodies_of_every_length_up_to_the_limit_are_read_whole()
    {
        foreach (int length in (int[])[1, 4096, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, 40_000, (int)MaxRequestBytes - 8])
        {
            string text = new('x', length);
            foreach (bool isKnown in (bool[])[true, false])
            {
                HttpContext http = await SendAsync("PATCH", $$"""{"a":"{{text}}"}""", request => request.ContentLength = isKnown ? request.Body.Length : null);
                Assert.Equal(text, TextOf(http));
            }
        }
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413_whether_it_says_so_or_not()
    {
        string body = $$"""{"a":"{{new string('x', (int)MaxRequestBytes)}}"}""";
        foreach (bool isKnown in (bool[])[true, false])
        {
            HttpContext http = await SendAsync("PATCH", body, request => request.ContentLength = isKnown ? request.Body.Length : null);
            Assert.Equal(413, http.Response.StatusCode);
            Assert.Equal("INVALID_PARAMETER_VALUE", (string?)JsonNode.Parse(TextOf(http))!["error_code"]);
        }
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_408()
    {
        HttpContext http = await SendAsync("PATCH", "{}", request => request.Body = new FailingStream(new BadHttpRequestException("too slow", StatusCodes.Status408RequestTimeout)));
        Assert.Equal(408, http.Response.StatusCode);
        Assert.Equal("BAD_REQUEST", (string?)JsonNode.Parse(TextOf(http))!["error_code"]);
    }

    [Fact]
    public async Task A_caller_that_has_gone_is_not_answered()
    {
        HttpContext http = await SendAsync("PATCH", "{}", request => request.Body = new FailingStream(new ConnectionResetException("gone")));
        Assert.Equal((200, ""), (http.Response.StatusCode, TextOf(http)));
    }

    [Fact]
    public async Task An_error_whose_message_is_cut_in_a_character_is_answered_all_the_same()
    {
        foreach (string message in (string[])["\ud800", "a\udc00b"])
        {
            HttpContext http = await SendAsync("PATCH", "{}", handle: _ => throw MlflowException.Invalid(message));
            Assert.Equal(400, http.Response.StatusCode);
            Assert.Contains("\uFFFD", (string?)JsonNode.Parse(TextOf(http))!["message"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unexpected_failure_tells_nothing_of_its_inside()
    {
        HttpContext http = await SendAsync("PATCH", "{}", handle: _ => throw new InvalidOperationException("password=hunter2"));
        Assert.Equal(500, http.Response.StatusCode);
        Assert.DoesNotContain("hunter2", TextOf(http), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_takes_little_memory()
    {
        DefaultHttpContext http = new();
        http.Request.Method = "POST";
        http.Request.Host = new HostString("127.0.0.1:5000");
        http.Request.ContentType = "application/json";
        byte[] body = """{"run_id":"0123456789abcdef0123456789abcdef","key":"loss","value":0.5,"timestamp":1700000000000,"step":1}"""u8.ToArray();
        http.Request.Body = new MemoryStream(body);
        http.Request.ContentLength = body.Length;
        RequestDelegate dispatch = _dispatcher.For(MlflowRoute.Post("test", AccessDemand.WriteRun, _ => Task.CompletedTask));
        const int count = 1000;
        long before = 0;
        for (int i = -count; i < count; i++)
        {
            if (i == 0)
                before = GC.GetAllocatedBytesForCurrentThread();
            http.Request.Body.Position = 0;
            Task answered = dispatch(http);
            Assert.True(answered.IsCompletedSuccessfully);
            await answered;
        }

        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / count;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes a request.");
        Assert.InRange(each, 0, 600);
    }

    private async Task<HttpContext> SendAsync(string method, string body, Action<HttpRequest>? change = null, Func<MlflowCall, Task>? handle = null)
    {
        DefaultHttpContext http = new();
        http.Request.Method = method;
        http.Request.Host = new HostString("localhost");
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Request.ContentLength = http.Request.Body.Length;
        http.Response.Body = new MemoryStream();
        change?.Invoke(http.Request);
        handle ??= call => call.Http.Response.WriteAsync(call.Fields.RequiredText("a"), call.Cancelled);
        await _dispatcher.For(new MlflowRoute(method, "test", AccessDemand.WriteRun, handle))(http);
        return http;
    }

    private static string TextOf(HttpContext http) => Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());

    private sealed class FailingStream(Exception failure) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromException<int>(failure);
    }
}
