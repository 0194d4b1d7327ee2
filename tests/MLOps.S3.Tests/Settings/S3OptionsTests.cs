using Amazon.S3;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Settings;

public sealed class S3OptionsTests
{
    public static TheoryData<string, Action<S3Options>> Wrong => new()
    {
        { "Endpoint", options => options.Endpoint = new Uri("ftp://host") },
        { "Endpoint", options => options.Endpoint = new Uri("http://user:pass@host") },
        { "Endpoint", options => options.Endpoint = new Uri("http://host/?x=1") },
        { "Region", options => options.Region = " " },
        { "PartSizeBytes", options => options.PartSizeBytes = (5 << 20) - 1 },
        { "PartSizeBytes", options => options.PartSizeBytes = (1 << 30) + 1 },
        { "PartsAtOnce", options => options.PartsAtOnce = 0 },
        { "PartsAtOnce", options => options.PartsAtOnce = 65 },
        { "MaxAttempts", options => options.MaxAttempts = 0 },
        { "Timeout", options => options.Timeout = TimeSpan.FromMilliseconds(99) },
        { "Checksums", options => options.Checksums = (S3ChecksumMode)7 },
        { "KmsKeyId", options => options.KmsKeyId = "" },
        { "KmsKeyId", options => (options.KmsKeyId, options.ServerSideEncryption) = ("key", ServerSideEncryptionMethod.AES256) },
        { "Tags", options => options.Tags.Add("", "x") },
        { "Tags", options => options.Tags.Add("x", new string('y', 257)) },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void An_option_out_of_range_is_named(string name, Action<S3Options> set)
    {
        S3Options options = new();
        set(options);
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => new S3ArtifactStore(new Uri("s3://bucket"), options));
        Assert.StartsWith(name, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Google_is_refused_what_it_does_not_know()
    {
        Uri location = new("gs://bucket/x");
        Assert.Throws<ArgumentException>(() => new S3ArtifactStore(location, new() { KmsKeyId = "key" }));
        Assert.Throws<ArgumentException>(() => new S3ArtifactStore(location, new() { ConditionalWrites = true }));
        S3Options tagged = new();
        tagged.Tags["a"] = "b";
        Assert.Throws<ArgumentException>(() => new S3ArtifactStore(location, tagged));
    }

    [Fact]
    public void Capabilities_follow_the_options()
    {
        const ArtifactStoreCapabilities all = ArtifactStoreCapabilities.CreateOnly | ArtifactStoreCapabilities.Copy | ArtifactStoreCapabilities.DownloadLinks | ArtifactStoreCapabilities.ResumableUploads;
        Assert.Equal(all, CapabilitiesOf("s3://bucket", new()));
        Assert.Equal(all, CapabilitiesOf("s3://bucket", new() { Endpoint = new("http://127.0.0.1:9000"), ServerSideEncryption = ServerSideEncryptionMethod.AES256 }));
        Assert.Equal(all & ~ArtifactStoreCapabilities.CreateOnly, CapabilitiesOf("s3://bucket", new() { ConditionalWrites = false }));
        Assert.Equal(all & ~ArtifactStoreCapabilities.CreateOnly, CapabilitiesOf("gs://bucket", new()));
        Assert.Equal(all & ~ArtifactStoreCapabilities.ResumableUploads, CapabilitiesOf("s3://bucket", new() { KmsKeyId = "key" }));
    }

    [Theory]
    [InlineData("s3://bucket", true)]
    [InlineData("s3://bucket/", true)]
    [InlineData("S3://bucket/a/b", true)]
    [InlineData("s3://bucket/%2F+%25", true)]
    [InlineData("s3://bucket/a?b", false)]
    [InlineData("s3://bucket/a#b", false)]
    [InlineData("s3://user@bucket/a", false)]
    [InlineData("s3://bucket:80/a", false)]
    [InlineData("s3://other/a", false)]
    [InlineData("gs://bucket/a", false)]
    [InlineData("https://bucket/a", false)]
    public void A_store_serves_its_bucket_only(string location, bool isServed)
    {
        using S3ArtifactStore store = new(new Uri("s3://bucket/prefix"));
        Assert.Equal(isServed, store.Serves(new Uri(location)));
    }

    [Theory]
    [InlineData("https://bucket/x")]
    [InlineData("s3:/x")]
    [InlineData("not a location")]
    [InlineData("s3://bucket/x?secret=1")]
    public void A_builder_refuses_what_is_no_location_and_does_not_repeat_it(string location)
    {
        ArgumentException wrong = Assert.ThrowsAny<ArgumentException>(() => Tracker.Open(t => t.UseInMemory("never-made").UseS3Artifacts(location)));
        Assert.DoesNotContain("secret", wrong.Message, StringComparison.Ordinal);
    }

    private static ArtifactStoreCapabilities CapabilitiesOf(string location, S3Options options)
    {
        using S3ArtifactStore store = new(new Uri(location), options);
        return store.Capabilities;
    }
}
