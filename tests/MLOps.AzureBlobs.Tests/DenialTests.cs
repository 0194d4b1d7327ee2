using System.Globalization;
using System.Net;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Microsoft.Extensions.Time.Testing;
using MLOps.RealServers;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

/// <summary>Refusals, and what they tell: by Azurite where it gives them, else as the service's documentation writes them.</summary>
public sealed class DenialTests(Azurite azurite)
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_that_is_not_there_is_named_by_every_member()
    {
        Uri location = new($"{azurite.ServiceUrl}/nothing-here/a");
        AzureBlobArtifactStore store = new(location, new() { SharedKey = Azurite.Key, ConfigureClient = Blobs.QuickRetries });
        await AllRefuseAsync(store, location, "There is no such container");
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_not_told()
    {
        const string Wrong = "d3Jvbmcga2V5IG9mIHRoaXMgYWNjb3VudA==";
        Uri location = (await azurite.CreateContainerAsync()).Uri;
        AzureBlobArtifactStore store = new(location, new() { SharedKey = new StorageSharedKeyCredential(AzuriteServer.AccountName, Wrong), ConfigureClient = Blobs.QuickRetries });
        await AllRefuseAsync(store, location, "The credentials", Wrong);
    }

    [Fact]
    public async Task A_shared_access_signature_that_has_ended_says_when()
    {
        DateTimeOffset end = TimeProvider.System.GetUtcNow().AddHours(-1);
        string sas = Azurite.Sas("rwdl", end);
        Uri location = (await azurite.CreateContainerAsync()).Uri;
        AzureBlobArtifactStore store = new(location, new() { SasToken = sas, ConfigureClient = Blobs.QuickRetries });
        await AllRefuseAsync(store, location, $"ended at {end.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}", sas[sas.IndexOf("sig=", StringComparison.Ordinal)..]);
    }

    [Fact]
    public async Task A_shared_access_signature_without_a_right_says_what_is_missing()
    {
        Uri location = (await azurite.CreateContainerAsync()).Uri;
        AzureBlobArtifactStore store = new(location, new() { SasToken = Azurite.Sas("rl", TimeProvider.System.GetUtcNow().AddHours(1)), ConfigureClient = Blobs.QuickRetries });
        Assert.Empty(await store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel));
        ArtifactStoreException denied = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(location, "model", new MemoryStream([1]), default, Cancel));
        Assert.False(denied.IsTransient);
        Assert.Contains("rcwdl", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_of_somebody_is_named()
    {
        await using Blobs blobs = await Blobs.CreateAsync(azurite);
        await blobs.PutAsync("model", [1]);
        await Azure.Storage.Blobs.Specialized.SpecializedBlobExtensions.GetBlobLeaseClient(blobs.BlobOf("model")).AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancel);
        foreach (Func<Task> act in (Func<Task>[])[
            () => blobs.PutAsync("model", [2]),
            () => blobs.PutAsync("model", Blobs.Noise(2 * Blobs.PartSize, seed: 1)),
            async () => await blobs.Store.DeleteAsync(blobs.Location, "model", Cancel),
            async () =>
            {
                await blobs.PutAsync("other", [3]);
                await blobs.Store.CopyAsync(blobs.Location, "other", blobs.Location, "model", Cancel);
            }])
        {
            ArtifactStoreException leased = await Assert.ThrowsAsync<ArtifactStoreException>(act);
            Assert.Contains("holds a lease", leased.Message, StringComparison.Ordinal);
            Assert.True(leased.IsTransient);
        }

        Assert.Equal([1], await blobs.GetAsync("model"));
    }

    [Theory]
    [InlineData(403, "AuthenticationFailed", 0, false, "credentials are wrong")]
    [InlineData(403, "AuthenticationFailed", 20, false, "The clock of this machine says 2026-05-04 03:02:01Z, the service's 2026-05-04 03:22:01Z")]
    [InlineData(403, "AuthenticationFailed", -20, false, "the service's 2026-05-04 02:42:01Z")]
    [InlineData(403, "AuthorizationPermissionMismatch", 0, false, "Storage Blob Data Contributor")]
    [InlineData(403, "AuthorizationFailure", 0, false, "firewall")]
    [InlineData(403, "KeyBasedAuthenticationNotPermitted", 0, false, "Entra")]
    [InlineData(403, "AccountIsDisabled", 0, false, "disabled")]
    [InlineData(401, "InvalidAuthenticationInfo", 0, false, "credentials are wrong")]
    [InlineData(409, "BlobArchived", 0, false, "archive tier")]
    [InlineData(409, "BlobImmutableDueToPolicy", 0, false, "legal hold")]
    [InlineData(409, "ContainerBeingDeleted", 0, true, "being deleted")]
    [InlineData(404, "ContainerNotFound", 0, false, "no such container")]
    [InlineData(400, "InvalidBlockList", 0, true, "Another writer")]
    [InlineData(408, "", 0, true, "busy")]
    [InlineData(429, "", 0, true, "busy")]
    [InlineData(500, "InternalError", 0, true, "busy")]
    [InlineData(503, "ServerBusy", 0, true, "busy")]
    [InlineData(418, "Strange", 0, false, "418 (Strange)")]
    public async Task A_refusal_of_the_service_says_what_to_do(int status, string code, int minutesOff, bool isTransient, string advice)
    {
        using Answers answers = new(_ =>
        {
            HttpResponseMessage answer = new((HttpStatusCode)status) { Content = new ByteArrayContent([]) };
            answer.Headers.Date = s_now.AddMinutes(minutesOff);
            if (code.Length > 0)
                answer.Headers.Add("x-ms-error-code", code);
            return answer;
        });
        Uri location = new("wasbs://models@acme.blob.core.windows.net/a");
        AzureBlobArtifactStore store = new(location, new() { SharedKey = new StorageSharedKeyCredential("acme", "a2V5"), ConfigureClient = answers.Configure }, new FakeTimeProvider(s_now));
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.FindAsync(location, "model", Cancel));
        Assert.Equal(isTransient, refused.IsTransient);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
        Assert.Contains("'model' at wasbs://models@acme", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_is_asked_for_storage_and_its_token_goes_over_https()
    {
        List<string> asked = [];
        using Answers answers = new(request =>
        {
            asked.Add($"{request.RequestUri!.Scheme} {request.Headers.Authorization}");
            return new(HttpStatusCode.NotFound) { Content = new ByteArrayContent([]) };
        });
        FixedCredential credential = new("t0ken");
        Uri location = new("abfss://models@acme.dfs.core.windows.net/a");
        AzureBlobArtifactStore store = new(location, new() { Credential = credential, ConfigureClient = answers.Configure });
        Assert.Null(await store.FindAsync(location, "model", Cancel));
        Assert.Equal(["https Bearer t0ken"], asked);
        Assert.Equal(["https://storage.azure.com/.default"], credential.Scopes);
    }

    [Fact]
    public async Task A_credential_that_fails_is_no_raw_exception()
    {
        using Answers answers = new(_ => throw new InvalidOperationException("nobody is signed in"));
        Uri location = new("abfss://models@acme.dfs.core.windows.net/a");
        AzureBlobArtifactStore store = new(location, new() { Credential = new FixedCredential("t"), ConfigureClient = answers.Configure });
        ArtifactStoreException failed = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.FindAsync(location, "model", Cancel));
        Assert.False(failed.IsTransient);
        Assert.Contains("nobody is signed in", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_works_until_it_ends_and_cannot_be_forged()
    {
        await using Blobs blobs = await Blobs.CreateAsync(azurite);
        await blobs.PutAsync("model", [1, 2, 3]);
        await blobs.PutAsync("other", [4]);
        using HttpClient http = new();
        Uri link = await blobs.Store.GetDownloadLinkAsync(blobs.Location, "model", TimeSpan.FromMinutes(1), Cancel);
        Assert.Equal([1, 2, 3], await http.GetByteArrayAsync(link, Cancel));
        Uri forged = new(link.AbsoluteUri.Replace("/model?", "/other?", StringComparison.Ordinal));
        using (HttpResponseMessage answer = await http.GetAsync(forged, Cancel))
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        using (HttpResponseMessage answer = await http.DeleteAsync(link, Cancel))
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);

        AzureBlobArtifactStore yesterday = new(blobs.Location, new() { SharedKey = Azurite.Key }, new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(-1)));
        Uri ended = await yesterday.GetDownloadLinkAsync(blobs.Location, "model", TimeSpan.FromHours(23), Cancel);
        using (HttpResponseMessage answer = await http.GetAsync(ended, Cancel))
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await blobs.Store.GetDownloadLinkAsync(blobs.Location, "model", TimeSpan.FromMilliseconds(999), Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await blobs.Store.GetDownloadLinkAsync(blobs.Location, "model", TimeSpan.FromDays(7.1), Cancel));
    }

    [Fact]
    public async Task A_link_by_a_credential_is_signed_with_a_key_that_the_service_gives_for_an_hour()
    {
        int keys = 0;
        using Answers answers = new(request =>
        {
            keys++;
            Assert.Contains("comp=userdelegationkey", request.RequestUri!.Query, StringComparison.Ordinal);
            return new(HttpStatusCode.OK)
            {
                Content = new StringContent(
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid><SignedStart>2026-05-04T03:02:01Z</SignedStart>"
                    + $"<SignedExpiry>{(keys == 1 ? "2026-05-04T04:02:01Z" : "2026-05-06T03:02:01Z")}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2026-02-06</SignedVersion><Value>a2V5</Value></UserDelegationKey>",
                    System.Text.Encoding.UTF8,
                    "application/xml"),
            };
        });
        Uri location = new("abfss://models@acme.dfs.core.windows.net/a");
        AzureBlobArtifactStore store = new(location, new() { Credential = new FixedCredential("t"), ConfigureClient = answers.Configure }, new FakeTimeProvider(s_now));
        Uri link = await store.GetDownloadLinkAsync(location, "größe/model 1", TimeSpan.FromMinutes(5), Cancel);
        Assert.StartsWith("https://acme.blob.core.windows.net/models/a/gr%C3%B6%C3%9Fe/model%201?", link.AbsoluteUri, StringComparison.Ordinal);
        Assert.All(["sp=r&", "sr=b&", "spr=https&", "se=2026-05-04T03%3A07%3A01Z", "skoid=o", "sig="], part => Assert.Contains(part, link.Query + "&", StringComparison.Ordinal));
        await store.GetDownloadLinkAsync(location, "other", TimeSpan.FromMinutes(5), Cancel);
        Assert.Equal(1, keys);
        await store.GetDownloadLinkAsync(location, "other", TimeSpan.FromDays(2), Cancel);
        Assert.Equal(2, keys);
    }

    private static async Task AllRefuseAsync(AzureBlobArtifactStore store, Uri location, string advice, string? secret = null)
    {
        foreach (Func<Task> act in (Func<Task>[])[
            async () => await store.PutAsync(location, "model", new MemoryStream([1]), default, Cancel),
            async () => await store.PutAsync(location, "model", new MemoryStream(Blobs.Noise(9 << 20, seed: 1)), new() { Resume = true }, Cancel),
            async () => await store.OpenReadAsync(location, "model", default, Cancel),
            async () => await store.FindAsync(location, "model", Cancel),
            async () => await store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel),
            async () => await store.DeleteAsync(location, "model", Cancel),
            async () => await store.DeletePrefixAsync(location, "", Cancel),
            async () => await store.CopyAsync(location, "model", location, "copy", Cancel)])
        {
            ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(act);
            Assert.False(refused.IsTransient);
            Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
            if (secret is not null)
                Assert.DoesNotContain(secret, refused.ToString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Answers in the service's place.</summary>
    private sealed class Answers(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public void Configure(BlobClientOptions client)
        {
            Blobs.QuickRetries(client);
            client.Transport = new HttpClientTransport(this);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Answer(request));

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => Answer(request);

        private HttpResponseMessage Answer(HttpRequestMessage request)
        {
            HttpResponseMessage given = answer(request);
            given.RequestMessage = request;
            return given;
        }
    }
}
