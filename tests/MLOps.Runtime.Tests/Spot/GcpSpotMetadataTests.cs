namespace MLOps.Runtime.Tests.Spot;

public sealed class GcpSpotMetadataTests
{
    private const string Preempted = "GET /computeMetadata/v1/instance/preempted", Maintenance = "GET /computeMetadata/v1/instance/maintenance-event";

    private static readonly DateTimeOffset Now = new(2026, 9, 18, 8, 20, 0, TimeSpan.Zero);

    private string _preempted = "FALSE", _maintenance = "NONE";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_preemption_is_due_half_a_minute_after_it_was_first_seen()
    {
        await using MetadataStub stub = Stub();
        _preempted = "TRUE";
        InterruptionNotice? notice = await new GcpSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation);
        Assert.Equal(new InterruptionNotice { Cause = InterruptionCause.GcpPreemption, NoticedAt = Now, Deadline = Now.AddSeconds(30) }, notice);
        Assert.Equal("Google", Assert.Single(stub.Requests).Header("Metadata-Flavor"));
    }

    [Fact]
    public async Task A_preemption_is_counted_from_the_last_answer_without_one()
    {
        await using MetadataStub stub = Stub();
        GcpSpotMetadata gcp = new() { Address = stub.Address };
        Assert.Null(await gcp.FindNoticeAsync(Now, Cancellation));
        _preempted = "TRUE";
        Assert.Equal(Now.AddSeconds(30), (await gcp.FindNoticeAsync(Now.AddSeconds(5), Cancellation))!.Deadline);
        // It stays announced, and so does its time.
        Assert.Equal(Now.AddSeconds(30), (await gcp.FindNoticeAsync(Now.AddSeconds(10), Cancellation))!.Deadline);
        Assert.Equal(Now.AddSeconds(40), (await gcp.FindNoticeAsync(Now.AddSeconds(40), Cancellation))!.Deadline);
    }

    [Fact]
    public async Task A_stop_for_maintenance_is_due_a_minute_after_the_last_answer_without_one()
    {
        await using MetadataStub stub = Stub();
        GcpSpotMetadata gcp = new() { Address = stub.Address };
        Assert.Null(await gcp.FindNoticeAsync(Now, Cancellation));
        _maintenance = "TERMINATE_ON_HOST_MAINTENANCE\n";
        InterruptionNotice? notice = await gcp.FindNoticeAsync(Now.AddSeconds(5), Cancellation);
        Assert.Equal((InterruptionCause.GcpMaintenance, Now.AddSeconds(60)), (notice!.Cause, notice.Deadline));
        Assert.Equal([Preempted, Maintenance, Preempted, Maintenance], stub.Lines);
    }

    [Fact]
    public async Task A_migration_is_passed_over()
    {
        await using MetadataStub stub = Stub();
        _maintenance = "MIGRATE_ON_HOST_MAINTENANCE";
        Assert.Null(await new GcpSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation));
    }

    [Theory]
    [InlineData("YES", "NONE")]
    [InlineData("", "NONE")]
    [InlineData("FALSE", "PERHAPS")]
    public async Task An_answer_that_is_not_known_is_an_error(string preempted, string maintenance)
    {
        await using MetadataStub stub = Stub();
        (_preempted, _maintenance) = (preempted, maintenance);
        await FailAsync(stub.Address);
    }

    [Theory]
    [InlineData]
    [InlineData("Metadata-Flavor: Other")]
    public async Task An_answer_that_does_not_say_that_it_is_Googles_is_not_believed(params string[] headers)
    {
        await using MetadataStub stub = new(_ => new StubAnswer(200, "TRUE", headers));
        Assert.Contains("Metadata-Flavor", (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_is_an_error()
    {
        await using MetadataStub stub = new(_ => new StubAnswer(503, "", "Metadata-Flavor: Google"));
        Assert.Contains("503", (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
    }

    private static async Task<SpotMetadataException> FailAsync(Uri address) =>
        await Assert.ThrowsAsync<SpotMetadataException>(async () => await new GcpSpotMetadata { Address = address }.FindNoticeAsync(Now, Cancellation));

    private MetadataStub Stub() => new(request => $"{request.Method} {request.Target}" switch
    {
        _ when request.Header("Metadata-Flavor") != "Google" => new StubAnswer(403),
        Preempted => StubAnswer.Google(_preempted),
        Maintenance => StubAnswer.Google(_maintenance),
        _ => StubAnswer.NotFound,
    });
}
