using Microsoft.Extensions.Time.Testing;

namespace MLOps.Runtime.Tests.Spot;

public sealed class SpotMetadataTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("AWS")]
    [InlineData("Azure")]
    [InlineData("GCP")]
    public async Task The_cloud_whose_service_answers_is_found_and_no_other(string cloud)
    {
        await using MetadataStub stub = new(request => (cloud, request.Target) switch
        {
            ("AWS", "/latest/api/token") when request.Method == "PUT" => StubAnswer.Ok("token"),
            ("Azure", "/metadata/instance/compute/name?api-version=2021-02-01&format=text") => StubAnswer.Ok("worker"),
            ("GCP", "/computeMetadata/v1/instance/preempted") => StubAnswer.Google("FALSE"),
            _ => StubAnswer.NotFound,
        });
        Assert.Equal(cloud, Assert.Single(await DetectAsync(stub.Address, TimeProvider.System)).Name);
    }

    [Fact]
    public async Task Where_nobody_listens_none_is_found() => Assert.Empty(await DetectAsync(MetadataStub.Nowhere(), TimeProvider.System));

    [Fact]
    public async Task Nobody_is_waited_for_longer_than_two_seconds()
    {
        await using MetadataStub stub = new(request => request.Method == "PUT" ? StubAnswer.Ok("token") : null);
        FakeTimeProvider clock = new();
        Task<IReadOnlyList<ISpotMetadata>> detection = DetectAsync(stub.Address, clock);
        for (int i = 0; i < 3; i++)
            await stub.AskedAsync();
        Assert.False(detection.IsCompleted);

        // The answer of AWS may still be on its way: it is found, or too late, too.
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain(await detection, metadata => metadata.Name != "AWS");
    }

    [Fact]
    public async Task Detection_that_is_cancelled_says_so()
    {
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SpotMetadata.DetectAsync(cancellationToken: cancelled.Token));
    }

    private static Task<IReadOnlyList<ISpotMetadata>> DetectAsync(Uri address, TimeProvider clock) =>
        SpotMetadata.DetectAsync(new AwsSpotMetadata { Address = address }, new AzureSpotMetadata { Address = address }, new GcpSpotMetadata { Address = address }, clock, Cancellation);
}
