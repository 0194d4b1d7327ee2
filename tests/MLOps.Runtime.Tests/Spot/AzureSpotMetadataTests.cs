namespace MLOps.Runtime.Tests.Spot;

public sealed class AzureSpotMetadataTests
{
    private const string Events = "GET /metadata/scheduledevents?api-version=2020-07-01", NameOfMachine = "GET /metadata/instance/compute/name?api-version=2021-02-01&format=text";

    private static readonly DateTimeOffset Now = new(2026, 9, 18, 8, 20, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, InterruptionCause> Types => new()
    {
        { "Preempt", InterruptionCause.AzurePreempt },
        { "Terminate", InterruptionCause.AzureTerminate },
        { "Reboot", InterruptionCause.AzureReboot },
        { "Redeploy", InterruptionCause.AzureRedeploy },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task An_event_that_stops_this_machine_is_noticed_with_its_time(string type, InterruptionCause cause)
    {
        await using MetadataStub stub = Stub(Event(type, "Fri, 18 Sep 2026 08:20:30 GMT"));
        InterruptionNotice? notice = await new AzureSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation);
        Assert.Equal(new InterruptionNotice { Cause = cause, NoticedAt = Now, Deadline = Now.AddSeconds(30), Detail = "C7061BAC: Virtual machine is going away" }, notice);
        Assert.Equal([NameOfMachine, Events], stub.Lines);
        Assert.All(stub.Requests, request => Assert.Equal("true", request.Header("Metadata")));
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("null")]
    public async Task An_event_that_has_started_is_due_now(string notBefore)
    {
        await using MetadataStub stub = Stub(Event("Preempt", null).Replace("\"-\"", notBefore, StringComparison.Ordinal));
        Assert.Equal(Now, (await new AzureSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation))!.Deadline);
    }

    [Fact]
    public async Task No_event_is_no_notice_and_the_name_is_asked_for_once()
    {
        await using MetadataStub stub = Stub();
        AzureSpotMetadata azure = new() { Address = stub.Address };
        Assert.Null(await azure.FindNoticeAsync(Now, Cancellation));
        Assert.Null(await azure.FindNoticeAsync(Now, Cancellation));
        Assert.Equal([NameOfMachine, Events, Events], stub.Lines);
    }

    [Fact]
    public async Task Events_of_other_machines_are_passed_over()
    {
        await using MetadataStub stub = Stub(Event("Preempt", "Fri, 18 Sep 2026 08:20:30 GMT", "workers_1", "workers_2"), Event("Reboot", "Fri, 18 Sep 2026 08:35:00 GMT", "workers_0", "WORKERS_3"));
        Assert.Equal(InterruptionCause.AzureReboot, (await new AzureSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation))!.Cause);
        Assert.Equal(InterruptionCause.AzurePreempt, (await new AzureSpotMetadata { Address = stub.Address, ResourceName = "workers_1" }.FindNoticeAsync(Now, Cancellation))!.Cause);
        Assert.Null(await new AzureSpotMetadata { Address = stub.Address, ResourceName = "workers" }.FindNoticeAsync(Now, Cancellation));
        Assert.Single(stub.Lines, NameOfMachine);
    }

    [Fact]
    public async Task The_earliest_of_several_events_is_noticed()
    {
        await using MetadataStub stub = Stub(Event("Redeploy", "Fri, 18 Sep 2026 08:30:00 GMT"), Event("Preempt", "Fri, 18 Sep 2026 08:20:30 GMT"), Event("Reboot", "Fri, 18 Sep 2026 08:35:00 GMT"));
        Assert.Equal(InterruptionCause.AzurePreempt, (await new AzureSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation))!.Cause);
    }

    [Theory]
    [InlineData("Freeze")]
    [InlineData("SomethingNew")]
    public async Task An_event_that_stops_nothing_is_passed_over(string type)
    {
        await using MetadataStub stub = Stub(Event(type, "Fri, 18 Sep 2026 08:35:00 GMT"));
        Assert.Null(await new AzureSpotMetadata { Address = stub.Address }.FindNoticeAsync(Now, Cancellation));
    }

    [Theory]
    [InlineData("soon", "not JSON")]
    [InlineData("{}", "'Events'")]
    [InlineData("""{"Events": {}}""", "'Events'")]
    [InlineData("""{"Events": [1]}""", "not an object")]
    [InlineData("""{"Events": [{"EventType": "Preempt", "NotBefore": ""}]}""", "'Resources'")]
    [InlineData("""{"Events": [{"Resources": ["workers_3"], "NotBefore": ""}]}""", "'EventType'")]
    [InlineData("""{"Events": [{"Resources": ["workers_3"], "EventType": "Preempt", "NotBefore": "soon"}]}""", "not a time")]
    public async Task A_list_that_is_malformed_is_an_error(string body, string reason)
    {
        await using MetadataStub stub = new(request => StubAnswer.Ok(request.Target.Contains("/name", StringComparison.Ordinal) ? "workers_3" : body));
        Assert.Contains(reason, (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_without_a_name_is_an_error_that_says_what_to_set()
    {
        await using MetadataStub stub = new(_ => StubAnswer.Ok(" "));
        Assert.Contains("ResourceName", (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_knows_no_events_is_not_that_of_Azure()
    {
        await using MetadataStub stub = new(_ => StubAnswer.NotFound);
        Assert.Contains("404", (await FailAsync(stub.Address)).Message, StringComparison.Ordinal);
    }

    private static async Task<SpotMetadataException> FailAsync(Uri address) =>
        await Assert.ThrowsAsync<SpotMetadataException>(async () => await new AzureSpotMetadata { Address = address }.FindNoticeAsync(Now, Cancellation));

    private static string Event(string type, string? notBefore, params string[] resources) => $$"""
        {
          "EventId": "C7061BAC", "EventType": "{{type}}", "ResourceType": "VirtualMachine", "Resources": ["{{string.Join("\", \"", resources.Length > 0 ? resources : ["workers_3"])}}"],
          "EventStatus": "Scheduled", "NotBefore": "{{notBefore ?? "-"}}", "Description": "Virtual machine is going away", "EventSource": "Platform", "DurationInSeconds": -1
        }
        """;

    private static MetadataStub Stub(params string[] events) => new(request => $"{request.Method} {request.Target}" switch
    {
        _ when request.Header("Metadata") != "true" => new StubAnswer(400),
        NameOfMachine => StubAnswer.Ok("workers_3"),
        Events => StubAnswer.Ok($$"""{"DocumentIncarnation": 2, "Events": [{{string.Join(',', events)}}]}"""),
        _ => StubAnswer.NotFound,
    });
}
