using Microsoft.Extensions.Time.Testing;

namespace MLOps.Runtime.Tests.Spot;

/// <summary>What each of the three services is not allowed to do to a program.</summary>
public sealed class MetadataAnswerTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Clouds => ["AWS", "Azure", "GCP"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Clouds))]
    public async Task A_redirect_is_not_followed(string cloud)
    {
        await using MetadataStub target = new(_ => StubAnswer.Google("TRUE"));
        await using MetadataStub stub = new(_ => new StubAnswer(302, "", $"Location: {target.Address}", "Metadata-Flavor: Google"));
        Assert.Contains("redirect", (await AskAsync(cloud, stub)).Message, StringComparison.Ordinal);
        Assert.Empty(target.Requests);
    }

    [Theory]
    [MemberData(nameof(Clouds))]
    public async Task An_answer_of_more_than_64_KiB_is_refused(string cloud)
    {
        await using MetadataStub stub = new(_ => StubAnswer.Google(new string('x', MetadataClient.MostBytes + 1)));
        Assert.Contains("64 KiB", (await AskAsync(cloud, stub)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_of_64_KiB_is_read_whole()
    {
        await using MetadataStub stub = new(_ => StubAnswer.Ok(new string('x', MetadataClient.MostBytes)));
        Assert.Equal(MetadataClient.MostBytes, (await MetadataClient.SendAsync(HttpMethod.Get, stub.Address, "Metadata", "true", Cancellation)).Text.Length);
    }

    [Theory]
    [MemberData(nameof(Clouds))]
    public async Task A_header_without_end_is_refused(string cloud)
    {
        await using MetadataStub stub = new(_ => new StubAnswer(200, "", $"X-Long: {new string('x', 100_000)}"));
        Assert.IsType<SpotMetadataException>(await AskAsync(cloud, stub));
    }

    [Theory]
    [MemberData(nameof(Clouds))]
    public async Task An_answer_that_does_not_come_is_given_up_when_the_time_is_over(string cloud)
    {
        await using MetadataStub stub = new(_ => null);
        FakeTimeProvider clock = new();
        SpotPoll poll = Poll(cloud, stub, clock);
        Task asking = poll.AskAsync(Cancellation);
        await stub.AskedAsync();
        Assert.False(asking.IsCompleted);
        clock.Advance(Timeout);
        await asking;
        Assert.Equal((1, 1), (poll.Status.Polls, poll.Status.FailedPolls));
        Assert.Contains(cloud, Assert.IsType<TimeoutException>(poll.Status.LastError).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://169.254.169.254/")]
    [InlineData("metadata")]
    [InlineData("http://169.254.169.254/?a=b")]
    [InlineData("http://user@169.254.169.254/")]
    public void An_address_that_is_none_is_refused(string address)
    {
        Uri uri = new(address, UriKind.RelativeOrAbsolute);
        Assert.Throws<ArgumentException>(() => new AwsSpotMetadata { Address = uri });
        Assert.Throws<ArgumentException>(() => new AzureSpotMetadata { Address = uri });
        Assert.Throws<ArgumentException>(() => new GcpSpotMetadata { Address = uri });
    }

    [Fact]
    public void An_address_may_have_a_path() =>
        Assert.Equal(new Uri("http://127.0.0.1:80/proxy/"), new GcpSpotMetadata { Address = new Uri("http://127.0.0.1/proxy") }.Address);

    private static async Task<Exception> AskAsync(string cloud, MetadataStub stub)
    {
        SpotPoll poll = Poll(cloud, stub, new FakeTimeProvider());
        await poll.AskAsync(Cancellation);
        Assert.Equal((cloud, 1, 1, null), (poll.Status.Name, poll.Status.Polls, poll.Status.FailedPolls, poll.Status.LastAnswerAt));
        return poll.Status.LastError!;
    }

    private static SpotPoll Poll(string cloud, MetadataStub stub, TimeProvider clock) =>
        new(cloud switch { "AWS" => new AwsSpotMetadata { Address = stub.Address }, "Azure" => new AzureSpotMetadata { Address = stub.Address }, _ => new GcpSpotMetadata { Address = stub.Address } },
            TimeSpan.FromSeconds(5), Timeout, clock, notice => Assert.Fail($"noticed {notice}"));
}
