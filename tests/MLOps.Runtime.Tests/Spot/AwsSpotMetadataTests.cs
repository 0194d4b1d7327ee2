using System.Net.Sockets;

namespace MLOps.Runtime.Tests.Spot;

public sealed class AwsSpotMetadataTests
{
    private const string Action = "GET /latest/meta-data/spot/instance-action", Rebalance = "GET /latest/meta-data/events/recommendations/rebalance", Token = "PUT /latest/api/token";

    private static readonly DateTimeOffset Now = new(2026, 9, 18, 8, 20, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("terminate")]
    [InlineData("stop")]
    [InlineData("hibernate")]
    public async Task An_announced_interruption_is_noticed_with_the_time_that_AWS_gives(string action)
    {
        await using MetadataStub stub = Stub(action: $$"""{"action": "{{action}}", "time": "2026-09-18T08:22:00Z"}""");
        InterruptionNotice? notice = await new AwsSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation);
        Assert.Equal(new InterruptionNotice { Cause = InterruptionCause.AwsSpot, NoticedAt = Now, Deadline = Now.AddMinutes(2), Detail = action }, notice);
        Assert.Equal(143, notice!.ExitCode);
        Assert.Equal([Token, Action], stub.Lines);
        Assert.Equal("21600", stub.Requests[0].Header("X-aws-ec2-metadata-token-ttl-seconds"));
        Assert.Equal("token-1", stub.Requests[1].Header("X-aws-ec2-metadata-token"));
    }

    [Fact]
    public async Task Nothing_is_noticed_while_the_item_is_not_there()
    {
        await using MetadataStub stub = Stub();
        Assert.Null(await new AwsSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation));
    }

    [Fact]
    public async Task One_token_serves_many_questions_until_its_time_is_nearly_over()
    {
        await using MetadataStub stub = Stub();
        AwsSpotMetadata aws = new() { Address = stub.Address };
        await aws.FindNoticeAsync(Now, Cancellation);
        await aws.FindNoticeAsync(Now.AddHours(4.9), Cancellation);
        Assert.Equal([Token, Action, Action], stub.Lines);
        await aws.FindNoticeAsync(Now.AddHours(5.1), Cancellation);
        Assert.Equal([Token, Action, Action, Token, Action], stub.Lines);
        Assert.Equal("token-2", stub.Requests[^1].Header("X-aws-ec2-metadata-token"));
    }

    [Fact]
    public async Task A_token_that_is_refused_is_replaced_and_the_question_asked_again()
    {
        string valid = "token-1";
        await using MetadataStub stub = Stub(action: """{"action": "stop", "time": "2026-09-18T08:22:00Z"}""", isValid: token => token == valid);
        AwsSpotMetadata aws = new() { Address = stub.Address };
        Assert.NotNull(await aws.FindNoticeAsync(Now, Cancellation));
        valid = "token-2";
        Assert.NotNull(await aws.FindNoticeAsync(Now, Cancellation));
        Assert.Equal([Token, Action, Action, Token, Action], stub.Lines);
    }

    [Fact]
    public async Task A_new_token_that_is_refused_too_is_an_error()
    {
        await using MetadataStub stub = Stub(isValid: _ => false);
        SpotMetadataException error = await FailAsync(stub.Address);
        Assert.Contains("401", error.Message, StringComparison.Ordinal);
        Assert.Equal([Token, Action, Token, Action], stub.Lines);
    }

    [Fact]
    public async Task A_recommendation_is_passed_over_unless_it_is_heeded()
    {
        await using MetadataStub stub = Stub(rebalance: """{"noticeTime": "2026-09-18T07:00:00Z"}""");
        Assert.Null(await new AwsSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation));
        Assert.DoesNotContain(Rebalance, stub.Lines);

        InterruptionNotice? notice = await new AwsSpotMetadata { Address = stub.Address, HeedsRebalance = true }.FindNoticeAsync(Now, Cancellation);
        Assert.Equal((InterruptionCause.AwsRebalance, Now.AddMinutes(2)), (notice!.Cause, notice.Deadline));
        Assert.Contains("2026-09-18T07:00:00", notice.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interruption_outdoes_a_recommendation()
    {
        await using MetadataStub stub = Stub("""{"action": "stop", "time": "2026-09-18T08:21:00Z"}""", """{"noticeTime": "2026-09-18T07:00:00Z"}""");
        InterruptionNotice? notice = await new AwsSpotMetadata { Address = stub.Address, HeedsRebalance = true }.FindNoticeAsync(Now, Cancellation);
        Assert.Equal((InterruptionCause.AwsSpot, Now.AddMinutes(1)), (notice!.Cause, notice.Deadline));
    }

    [Theory]
    [InlineData("terminate", "not JSON")]
    [InlineData("", "not JSON")]
    [InlineData("[]", "not an object")]
    [InlineData("""{"action": "stop"}""", "no 'time'")]
    [InlineData("""{"action": "stop", "time": "soon"}""", "not a time")]
    [InlineData("""{"action": "stop", "time": 17}""", "not a text")]
    public async Task An_announcement_that_is_malformed_is_an_error_that_names_the_address(string body, string reason)
    {
        await using MetadataStub stub = Stub(action: body);
        SpotMetadataException error = await FailAsync(stub.Address);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(new Uri(stub.Address, "latest/meta-data/spot/instance-action"), error.Address);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task A_service_that_gives_no_token_is_not_that_of_AWS(int status)
    {
        await using MetadataStub stub = new(_ => new StubAnswer(status));
        Assert.Contains($"{status}", (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
        Assert.Equal([Token], stub.Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\r\nX-Other: 1")]
    public async Task A_token_that_no_header_can_hold_is_refused(string token)
    {
        await using MetadataStub stub = new(_ => StubAnswer.Ok(token));
        Assert.Contains("token", (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_the_error_says_so()
    {
        SpotMetadataException error = await FailAsync(MetadataStub.Nowhere());
        Assert.IsType<SocketException>(error.InnerException!.InnerException);
    }

    private static async Task<SpotMetadataException> FailAsync(Uri address) =>
        await Assert.ThrowsAsync<SpotMetadataException>(async () => await new AwsSpotMetadata { Address = address }.FindNoticeAsync(Now, Cancellation));

    private static MetadataStub Stub(string? action = null, string? rebalance = null, Predicate<string?>? isValid = null)
    {
        int tokens = 0;
        return new MetadataStub(request => $"{request.Method} {request.Target}" switch
        {
            Token when request.Header("X-aws-ec2-metadata-token-ttl-seconds") is not null => StubAnswer.Ok($"token-{++tokens}"),
            _ when !(isValid ?? (token => token == $"token-{tokens}"))(request.Header("X-aws-ec2-metadata-token")) => new StubAnswer(401),
            Action when action is not null => StubAnswer.Ok(action),
            Rebalance when rebalance is not null => StubAnswer.Ok(rebalance),
            _ => StubAnswer.NotFound,
        });
    }
}
