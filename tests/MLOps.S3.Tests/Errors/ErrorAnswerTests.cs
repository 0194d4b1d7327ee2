using Amazon.Runtime;
using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Errors;

/// <summary>What callers get for answers that no server here gives.</summary>
public sealed class ErrorAnswerTests
{
    private static readonly Uri s_location = new("s3://bucket/root");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(403, "AccessDenied", false, "access was denied")]
    [InlineData(403, "SignatureDoesNotMatch", false, "the credentials are wrong")]
    [InlineData(403, "InvalidAccessKeyId", false, "the credentials are wrong")]
    [InlineData(400, "ExpiredToken", false, "Renew the credentials")]
    [InlineData(400, "InvalidToken", false, "Renew the credentials")]
    [InlineData(404, "NoSuchBucket", false, "there is no bucket 'bucket'")]
    [InlineData(400, "AuthorizationHeaderMalformed", false, "Set S3Options.Region")]
    [InlineData(400, "EntityTooLarge", false, "the server refused it")]
    [InlineData(501, "NotImplemented", false, "the server does not know what was asked")]
    [InlineData(503, "SlowDown", true, "the server could not take it now")]
    [InlineData(500, "InternalError", true, "failed after 1 attempts")]
    [InlineData(502, "BadGateway", true, "failed after 1 attempts")]
    [InlineData(504, "GatewayTimeout", true, "failed after 1 attempts")]
    [InlineData(429, "TooManyRequests", true, "failed after 1 attempts")]
    [InlineData(400, "RequestTimeout", true, "the server could not take it now")]
    [InlineData(400, "BadDigest", true, "the server could not take it now")]
    public async Task An_error_says_whether_it_may_pass_and_what_to_do(int status, string code, bool isTransient, string advice)
    {
        using StubServer server = new(_ => (status, "", StubServer.Error(code)));
        using S3ArtifactStore store = Open(server);
        ArtifactStoreException error = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(s_location, "model", [1, 2, 3]));
        Assert.Equal(isTransient, error.IsTransient);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Assert.Contains("'s3://bucket/root/model'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("the-secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Upl")]
    [InlineData("<html>a proxy says hello</html")]
    public async Task An_answer_that_ends_early_is_a_transient_failure(string body)
    {
        using StubServer server = new(head => head.StartsWith("POST", StringComparison.Ordinal) ? (200, "", body) : (204, "", ""));
        using S3ArtifactStore store = Open(server);
        ArtifactStoreException cut = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(s_location, "model", new byte[(8 << 20) + 1]));
        Assert.True(cut.IsTransient, cut.ToString());
    }

    [Fact]
    public async Task Clocks_that_differ_are_named_both()
    {
        using StubServer server = new(_ => (403, "Date: Fri, 01 Jan 2100 00:00:00 GMT\r\n", StubServer.Error("RequestTimeTooSkewed", "<ServerTime>2100-01-01T00:00:00Z</ServerTime>")));
        using S3ArtifactStore store = Open(server);
        ArtifactStoreException error = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(s_location, "model", [1]));
        Assert.False(error.IsTransient);
        Assert.Matches("this machine's says 20[0-9-]+ [0-9:]+Z, the server's (2100-01-01 00:0|2099-12-31 23:5)", error.Message);
        Assert.Contains("Set this machine's clock", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_create_only_put_whose_first_answer_was_lost_knows_its_own_object()
    {
        string? put = null;
        int puts = 0;
        using StubServer server = new(head =>
        {
            if (head.StartsWith("HEAD", StringComparison.Ordinal))
                return (200, $"x-amz-meta-mlops-put: {put}\r\nETag: \"abc\"\r\n", "");
            put = head.Split("\r\n").Single(line => line.StartsWith("x-amz-meta-mlops-put:", StringComparison.OrdinalIgnoreCase))[21..].Trim();
            // The first took the object and failed to say so.
            return puts++ == 0 ? (500, "", StubServer.Error("InternalError")) : (412, "", StubServer.Error("PreconditionFailed"));
        });
        using S3ArtifactStore store = Open(server, attempts: 2);
        ArtifactObject written = await store.PutAsync(s_location, "lock", [1], new() { CreateOnly = true });
        Assert.Equal(new ArtifactObject("lock", 1) { ETag = "abc" }, written);
        Assert.Equal(2, puts);
    }

    [Theory]
    [InlineData(412, "PreconditionFailed")]
    [InlineData(409, "ConditionalRequestConflict")]
    public async Task A_create_only_put_that_lost_to_another_says_that_there_is_one(int status, string code)
    {
        using StubServer server = new(head => head.StartsWith("HEAD", StringComparison.Ordinal) ? (200, "x-amz-meta-mlops-put: another\r\nETag: \"abc\"\r\n", "") : (status, "", StubServer.Error(code)));
        using S3ArtifactStore store = Open(server);
        await Assert.ThrowsAsync<ArtifactExistsException>(async () => await store.PutAsync(s_location, "lock", [1], new() { CreateOnly = true }));
    }

    [Fact]
    public async Task Google_gets_plain_content_with_its_hash_and_no_header_of_its_own_among_those_of_S3()
    {
        using StubServer server = new(_ => (200, "ETag: \"abc\"\r\n", ""));
        using S3ArtifactStore store = new(new Uri("gs://bucket"), new() { Endpoint = server.Endpoint, Credentials = new BasicAWSCredentials("GOOG1", "the-secret") });
        await store.PutAsync(new Uri("gs://bucket/root"), "model", "hello"u8.ToArray());
        await Assert.ThrowsAsync<NotSupportedException>(async () => await store.PutAsync(new Uri("gs://bucket/root"), "model", [1], new() { CreateOnly = true }));
        string head = Assert.Single(server.Requests);
        Assert.StartsWith("PUT /bucket/root/model HTTP/1.1", head, StringComparison.Ordinal);
        Assert.Contains("Content-MD5: XUFAKrxLKna5cZ2REBfFkg==", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("/auto/s3/aws4_request", head, StringComparison.Ordinal);
        Assert.Contains("Content-Length: 5\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("aws-chunked", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-amz-checksum", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-amz-sdk-checksum", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-goog", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_is_written_bears_the_options()
    {
        using StubServer server = new(head => head.StartsWith("POST", StringComparison.Ordinal) ? (500, "", "") : (200, "ETag: \"abc\"\r\n", ""));
        S3Options options = new()
        {
            Endpoint = server.Endpoint,
            Credentials = new BasicAWSCredentials("key", "the-secret"),
            KmsKeyId = "the-key",
            StorageClass = Amazon.S3.S3StorageClass.StandardInfrequentAccess,
            MaxAttempts = 1,
            PartSizeBytes = 5 << 20,
        };
        options.Tags["team"] = "a b";
        using S3ArtifactStore store = new(s_location, options);
        await store.PutAsync(s_location, "small", [1]);
        await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(s_location, "large", new byte[(5 << 20) + 1]));
        Assert.Equal(["PUT /bucket/root/small HTTP/1.1", "POST /bucket/root/large?uploads= HTTP/1.1"], server.Requests.Select(head => head.Split("\r\n")[0].Replace("?uploads HTTP", "?uploads= HTTP", StringComparison.Ordinal)));
        Assert.All(server.Requests, head =>
        {
            Assert.Contains("x-amz-server-side-encryption: aws:kms\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("x-amz-server-side-encryption-aws-kms-key-id: the-key\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("x-amz-storage-class: STANDARD_IA\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("x-amz-tagging: team=a%20b\r\n", head, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task A_server_that_cannot_delete_many_at_once_is_asked_one_by_one()
    {
        using StubServer server = new(head =>
            head.StartsWith("POST", StringComparison.Ordinal) ? (501, "", StubServer.Error("NotImplemented"))
            : head.StartsWith("DELETE", StringComparison.Ordinal) ? (204, "", "")
            : head.Contains("uploads", StringComparison.Ordinal) ? (501, "", StubServer.Error("NotImplemented"))
            : (200, "", "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>root/f/a</Key><Size>3</Size><ETag>\"1\"</ETag></Contents><Contents><Key>root/f/b</Key><Size>4</Size><ETag>\"2\"</ETag></Contents></ListBucketResult>"));
        using S3ArtifactStore store = Open(server);
        Assert.Equal((2, 7), await store.DeletePrefixAsync(s_location, "f", Cancel));
        Assert.Equal(["DELETE /bucket/root/f/a HTTP/1.1", "DELETE /bucket/root/f/b HTTP/1.1"], server.Requests.Select(head => head.Split("\r\n")[0]).Where(line => line.StartsWith("DELETE", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("Content-MD5: ", server.Requests.Single(head => head.StartsWith("POST", StringComparison.Ordinal)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_deletion_that_is_refused_for_one_object_says_for_which()
    {
        using StubServer server = new(head => head.StartsWith("POST", StringComparison.Ordinal)
            ? (200, "", "<DeleteResult><Error><Key>root/f/a</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>")
            : (200, "", "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>root/f/a</Key><Size>3</Size><ETag>\"1\"</ETag></Contents></ListBucketResult>"));
        using S3ArtifactStore store = Open(server);
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.DeletePrefixAsync(s_location, "f", Cancel));
        Assert.False(refused.IsTransient);
        Assert.Contains("access was denied", refused.Message, StringComparison.Ordinal);
        Assert.Contains("root/f/a", refused.Message, StringComparison.Ordinal);
    }

    private static S3ArtifactStore Open(StubServer server, int attempts = 1) =>
        new(s_location, new() { Endpoint = server.Endpoint, Credentials = new BasicAWSCredentials("key", "the-secret"), MaxAttempts = attempts });
}
