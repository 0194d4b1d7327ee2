using System.Net;
using Amazon.Runtime;
using MLOps.RealServers;
using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Errors;

/// <summary>What callers get when a real server refuses, fails or is away.</summary>
public abstract class ServerErrorTests(S3Server server)
{
    private static readonly HttpClient s_http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, Func<IArtifactStore, Uri, Task>> Members => new()
    {
        { "put", async (store, location) => await store.PutAsync(location, "model", [1, 2, 3]) },
        { "read", async (store, location) => await store.OpenReadAsync(location, "model", default, Cancel) },
        { "find", async (store, location) => await store.FindAsync(location, "model", Cancel) },
        { "list", async (store, location) => await store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel) },
        { "delete", async (store, location) => await store.DeleteAsync(location, "model", Cancel) },
        { "delete a folder", async (store, location) => await store.DeletePrefixAsync(location, "folder", Cancel) },
        { "copy", async (store, location) => await store.CopyAsync(location, "model", location, "copy", Cancel) },
    };

    [Theory]
    [MemberData(nameof(Members), DisableDiscoveryEnumeration = true)]
    public async Task A_bucket_that_is_not_there_is_named_by_every_member(string name, Func<IArtifactStore, Uri, Task> act)
    {
        using S3ArtifactStore store = new(new Uri("s3://no-such-bucket"), server.Options());
        ArtifactStoreException missing = await Assert.ThrowsAsync<ArtifactStoreException>(() => act(store, new Uri("s3://no-such-bucket/root")));
        Assert.False(missing.IsTransient, $"{name}: {missing.Message}");
        Assert.Contains("there is no bucket 'no-such-bucket'", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Members), DisableDiscoveryEnumeration = true)]
    public async Task Wrong_credentials_are_no_transient_failure(string name, Func<IArtifactStore, Uri, Task> act)
    {
        Uri location = server.NewLocation();
        Assert.SkipUnless(server.ChecksSignatures, "This server takes any signature.");
        ImmutableCredentials right = await server.Credentials.GetCredentialsAsync();
        using S3ArtifactStore store = server.Open(configure: options => options.Credentials = new BasicAWSCredentials(right.AccessKey, "wrong-secret"));
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => act(store, location));
        Assert.False(refused.IsTransient, $"{name}: {refused.Message}");
        // An answer to HEAD has no code: it says no more than that access was denied.
        Assert.Contains(name is "find" or "copy" ? "access was denied" : "the credentials are wrong", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-secret", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task A_failing_server_is_asked_again_and_then_given_up_as_transient(int status)
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint, options => options.MaxAttempts = 2);
        Uri location = server.NewLocation();
        proxy.Answer(status, times: 1);
        await store.PutAsync(location, "model", "x"u8.ToArray());
        Assert.Equal((1, 2), (proxy.Answered, proxy.Requests));
        proxy.Answer(status, times: 2);
        ArtifactStoreException failed = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(location, "other", "x"u8.ToArray()));
        Assert.True(failed.IsTransient, failed.Message);
        Assert.Equal((3, 4), (proxy.Answered, proxy.Requests));
        Assert.Null(await store.FindAsync(location, "other", Cancel));
    }

    [Theory]
    [MemberData(nameof(Members), DisableDiscoveryEnumeration = true)]
    public async Task A_server_that_is_away_is_a_transient_failure(string name, Func<IArtifactStore, Uri, Task> act)
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint, options => options.MaxAttempts = 1);
        proxy.Refuse = true;
        ArtifactStoreException away = await Assert.ThrowsAsync<ArtifactStoreException>(() => act(store, server.NewLocation()));
        Assert.True(away.IsTransient, $"{name}: {away.Message}");
    }

    [Theory]
    [MemberData(nameof(Members), DisableDiscoveryEnumeration = true)]
    public async Task A_server_that_does_not_answer_is_a_transient_failure(string name, Func<IArtifactStore, Uri, Task> act)
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint, options => (options.MaxAttempts, options.Timeout) = (1, TimeSpan.FromMilliseconds(150)));
        proxy.Stall = true;
        ArtifactStoreException silent = await Assert.ThrowsAsync<ArtifactStoreException>(() => act(store, server.NewLocation()));
        Assert.True(silent.IsTransient, $"{name}: {silent.Message}");
    }

    [Fact]
    public async Task A_caller_who_gives_up_on_a_silent_server_gets_the_cancellation()
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint);
        proxy.Stall = true;
        using CancellationTokenSource cancel = new();
        Task<ArtifactObject?> asking = store.FindAsync(server.NewLocation(), "model", cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task A_body_that_stalls_is_asked_for_again_and_then_given_up_as_transient()
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint, options => (options.MaxAttempts, options.Timeout) = (1, TimeSpan.FromMilliseconds(400)));
        Uri location = server.NewLocation();
        using (S3ArtifactStore direct = server.Open())
            await direct.PutAsync(location, "model", Noise.Of(5 << 20, seed: 20));
        await using ArtifactContent content = await store.OpenReadAsync(location, "model", default, Cancel);
        proxy.Stall = true;
        using MemoryStream copy = new();
        ArtifactStoreException stalled = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await content.Stream.CopyToAsync(copy, Cancel));
        Assert.True(stalled.IsTransient, stalled.Message);
    }

    [Fact]
    public async Task A_link_that_was_forged_or_has_expired_is_refused()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        await store.PutAsync(location, "model", "x"u8.ToArray());
        await store.PutAsync(location, "secret", "y"u8.ToArray());
        Uri link = await store.GetDownloadLinkAsync(location, "model", TimeSpan.FromMinutes(1), Cancel);
        Assert.Equal("x", await s_http.GetStringAsync(link, Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.GetDownloadLinkAsync(location, "model", TimeSpan.FromDays(8), Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.GetDownloadLinkAsync(location, "model", TimeSpan.FromMilliseconds(999), Cancel));
        Assert.SkipUnless(server.ChecksSignatures, "This server takes any signature.");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(new Uri(link.AbsoluteUri.Replace("/model?", "/secret?", StringComparison.Ordinal))));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(new Uri(link.AbsoluteUri.Replace("X-Amz-Expires=", "X-Amz-Expires=1", StringComparison.Ordinal))));
        Uri brief = await store.GetDownloadLinkAsync(location, "model", TimeSpan.FromSeconds(1), Cancel);
        while (await StatusAsync(brief) is HttpStatusCode.OK)
            Cancel.ThrowIfCancellationRequested();
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(brief));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(link));
    }

    private static async Task<HttpStatusCode> StatusAsync(Uri link)
    {
        using HttpResponseMessage answer = await s_http.GetAsync(link, Cancel);
        return answer.StatusCode;
    }
}
