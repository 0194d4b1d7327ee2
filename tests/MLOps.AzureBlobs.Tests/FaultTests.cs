using System.Security.Cryptography;
using MLOps.RealServers;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

public sealed class FaultTests(Azurite azurite) : IAsyncLifetime
{
    private Blobs _blobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _blobs = await Blobs.CreateAsync(azurite);

    public ValueTask DisposeAsync() => _blobs.DisposeAsync();

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task A_single_answer_that_the_service_is_busy_is_asked_again(int status)
    {
        byte[] content = Blobs.Noise(2 * Blobs.PartSize, seed: 1);
        _blobs.Proxy.Answer(status, times: 1);
        await _blobs.PutAsync("model", content);
        _blobs.Proxy.Answer(status, times: 1);
        Assert.Equal(content, await _blobs.GetAsync("model"));
        Assert.Equal(2, _blobs.Proxy.Answered);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(502)]
    [InlineData(504)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task A_service_that_stays_busy_is_a_transient_failure_of_every_member(int status)
    {
        await _blobs.PutAsync("model", [1, 2, 3]);
        Func<Task>[] members =
        [
            () => _blobs.PutAsync("other", [1]),
            () => _blobs.PutAsync("other", Blobs.Noise(2 * Blobs.PartSize, seed: 2)),
            () => _blobs.GetAsync("model"),
            () => _blobs.PathsAsync(),
            async () => await _blobs.Store.FindAsync(_blobs.Location, "model", Cancel),
            async () => await _blobs.Store.DeleteAsync(_blobs.Location, "model", Cancel),
            async () => await _blobs.Store.DeletePrefixAsync(_blobs.Location, "", Cancel),
            async () => await _blobs.Store.CopyAsync(_blobs.Location, "model", _blobs.Location, "copy", Cancel),
        ];
        _blobs.Proxy.Answer(status, times: int.MaxValue);
        foreach (Func<Task> member in members)
        {
            ArtifactStoreException busy = await Assert.ThrowsAsync<ArtifactStoreException>(member);
            Assert.True(busy.IsTransient, busy.Message);
            Assert.Contains($"{status}", busy.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_service_that_is_away_is_a_transient_failure_and_back_when_it_is_back()
    {
        await _blobs.PutAsync("model", [1, 2, 3]);
        _blobs.Proxy.Refuse = true;
        ArtifactStoreException away = await Assert.ThrowsAsync<ArtifactStoreException>(() => _blobs.GetAsync("model"));
        Assert.True(away.IsTransient);
        Assert.Contains(_blobs.Proxy.Endpoint.Authority, away.Message, StringComparison.Ordinal);
        _blobs.Proxy.Refuse = false;
        Assert.Equal([1, 2, 3], await _blobs.GetAsync("model"));
    }

    [Fact]
    public async Task A_service_that_falls_silent_is_a_transient_failure_and_no_cancellation()
    {
        await _blobs.PutAsync("model", [1, 2, 3]);
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.ConfigureClient = client =>
        {
            client.Retry.MaxRetries = 0;
            client.Retry.NetworkTimeout = TimeSpan.FromMilliseconds(200);
        });
        _blobs.Proxy.Stall = true;
        ArtifactStoreException silent = await Assert.ThrowsAsync<ArtifactStoreException>(() => _blobs.GetAsync("model", store));
        Assert.True(silent.IsTransient);
        Assert.Contains("did not answer in time", silent.Message, StringComparison.Ordinal);
        silent = await Assert.ThrowsAsync<ArtifactStoreException>(() => _blobs.PutAsync("other", Blobs.Noise(3 * Blobs.PartSize, seed: 3), new() { Resume = true }, store));
        Assert.True(silent.IsTransient);
        _blobs.Proxy.Stall = false;
        Assert.Equal(["model"], await _blobs.PathsAsync());
    }

    [Fact]
    public async Task A_connection_that_breaks_in_every_part_is_taken_up_where_it_broke()
    {
        byte[] content = Blobs.Noise(6 * Blobs.PartSize, seed: 4);
        // One at a time, so that no part is cut more often than it is tried.
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.PartsAtOnce = 1);
        _blobs.Proxy.CutEvery(Direction.Upstream, () => Blobs.PartSize * 4 / 3);
        await _blobs.PutAsync("model", content, default, store);
        Assert.InRange(_blobs.Proxy.Cuts, 5, 100);
        _blobs.Proxy.CancelCuts();
        long before = _blobs.Proxy.Cuts;
        _blobs.Proxy.CutEvery(Direction.Downstream, () => Blobs.PartSize * 3 / 4);
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await _blobs.GetAsync("model", store)));
        Assert.InRange(_blobs.Proxy.Cuts - before, 6, 100);
    }

    [Fact]
    public async Task An_object_that_is_replaced_between_its_parts_is_never_mixed()
    {
        byte[] first = Blobs.Noise(12 * Blobs.PartSize, seed: 5);
        await _blobs.PutAsync("model", first);
        AzureBlobArtifactStore oneAtATime = _blobs.CreateStore(options => options.PartsAtOnce = 1);
        await using ArtifactContent content = await oneAtATime.OpenReadAsync(_blobs.Location, "model", default, Cancel);
        byte[] begin = new byte[100];
        await content.Stream.ReadExactlyAsync(begin, Cancel);
        Assert.Equal(first[..100], begin);
        await _blobs.PutAsync("model", Blobs.Noise(12 * Blobs.PartSize, seed: 6));
        ArtifactStoreException replaced = await Assert.ThrowsAsync<ArtifactStoreException>(() => content.Stream.CopyToAsync(Stream.Null, Cancel));
        Assert.True(replaced.IsTransient);
        Assert.Contains("replaced or deleted", replaced.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_cancels_while_the_service_is_silent_is_cancelled()
    {
        await _blobs.PutAsync("model", Blobs.Noise(3 * Blobs.PartSize, seed: 7));
        await using ArtifactContent content = await _blobs.Store.OpenReadAsync(_blobs.Location, "model", default, Cancel);
        _blobs.Proxy.Stall = true;
        using CancellationTokenSource cancel = new();
        Task reading = content.Stream.CopyToAsync(Stream.Null, cancel.Token);
        Task finding = _blobs.Store.FindAsync(_blobs.Location, "model", cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => finding);
        _blobs.Proxy.Stall = false;
    }
}
