using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

public sealed class AzureBlobOptionsTests
{
    private const string Key = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA==";
    private static readonly Uri s_location = new("wasbs://models@acme.blob.core.windows.net/a");

    public static TheoryData<string, Action<AzureBlobOptions>> Wrong => new()
    {
        { "one of", options => options.SasToken = "sv=1&sig=PRIVATE" },
        { "sig=", options => (options.SharedKey, options.SasToken) = (null, "what-is-this-PRIVATE") },
        { "question mark", options => (options.SharedKey, options.SasToken) = (null, "https://acme.blob.core.windows.net/models?sv=1&sig=PRIVATE") },
        { "connection string", options => (options.SharedKey, options.ConnectionString) = (null, "AccountName=acme;AccountKey=!PRIVATE!;nothing") },
        { "ServiceUrl", options => (options.SharedKey, options.ConnectionString, options.ServiceUrl) = (null, $"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={Key}", new Uri("https://x.example.com")) },
        { "account 'other'", options => options.SharedKey = new StorageSharedKeyCredential("other", Key) },
        { "account 'other'", options => (options.SharedKey, options.ConnectionString) = (null, $"DefaultEndpointsProtocol=https;AccountName=other;AccountKey={Key};EndpointSuffix=core.windows.net") },
        { "https", options => (options.SharedKey, options.Credential, options.ServiceUrl) = (null, new FixedCredential("token"), new Uri("http://127.0.0.1:10000/acme")) },
        { "without a query", options => options.ServiceUrl = new Uri("https://acme.blob.core.windows.net?sig=PRIVATE") },
        { "1 MiB to 1,000 MiB", options => options.PartSizeBytes = (1 << 20) - 1 },
        { "1 MiB to 1,000 MiB", options => options.PartSizeBytes = (1000 << 20) + 1 },
        { "1 to 64", options => options.PartsAtOnce = 0 },
        { "1 to 64", options => options.PartsAtOnce = 65 },
        { "Archive", options => options.AccessTier = AccessTier.Archive },
        { "EncryptionScope", options => options.EncryptionScope = "" },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Wrong))]
    public void A_wrong_option_is_named_and_no_secret_told(string advice, Action<AzureBlobOptions> configure)
    {
        AzureBlobOptions options = Options();
        configure(options);
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => new AzureBlobArtifactStore(s_location, options));
        Assert.Contains(advice, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_way_to_authenticate_the_environment_is_asked_and_then_the_caller()
    {
        string? before = Environment.GetEnvironmentVariable(AzureBlobOptions.ConnectionStringVariable);
        try
        {
            Environment.SetEnvironmentVariable(AzureBlobOptions.ConnectionStringVariable, null);
            string advice = Assert.Throws<ArgumentException>(() => new AzureBlobArtifactStore(s_location)).Message;
            Assert.All(["Credential", "ConnectionString", "SharedKey", "SasToken", "AZURE_STORAGE_CONNECTION_STRING", "Azure.Identity"], way => Assert.Contains(way, advice, StringComparison.Ordinal));
            Environment.SetEnvironmentVariable(AzureBlobOptions.ConnectionStringVariable, $"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={Key};EndpointSuffix=core.windows.net");
            Assert.True(new AzureBlobArtifactStore(s_location).Serves(s_location));
        }
        finally
        {
            Environment.SetEnvironmentVariable(AzureBlobOptions.ConnectionStringVariable, before);
        }
    }

    [Fact]
    public void A_store_serves_its_account_in_all_forms_and_no_other()
    {
        AzureBlobOptions options = Options();
        options.ServiceUrl = new Uri("http://127.0.0.1:10000/acme");
        AzureBlobArtifactStore store = new(s_location, options);
        Assert.All(
            ["wasbs://other@acme.blob.core.windows.net", "abfss://models@acme.dfs.core.windows.net/x", "https://acme.blob.core.windows.net/models", "http://127.0.0.1:10000/acme/models"],
            location => Assert.True(store.Serves(new Uri(location)), location));
        Assert.All(
            ["wasbs://models@acme2.blob.core.windows.net", "wasbs://models@acme.blob.core.chinacloudapi.cn", "http://127.0.0.1:10001/acme/models", "http://127.0.0.1:10000/other/models", "https://acme.blob.core.windows.net"],
            location => Assert.False(store.Serves(new Uri(location)), location));
    }

    [Fact]
    public void Links_need_a_key_or_a_credential()
    {
        Assert.True(With(_ => { }).HasFlag(ArtifactStoreCapabilities.DownloadLinks));
        Assert.True(With(options => (options.SharedKey, options.Credential) = (null, new FixedCredential("token"))).HasFlag(ArtifactStoreCapabilities.DownloadLinks));
        Assert.True(With(options => (options.SharedKey, options.ConnectionString) = (null, $"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={Key}")).HasFlag(ArtifactStoreCapabilities.DownloadLinks));
        Assert.False(With(options => (options.SharedKey, options.SasToken) = (null, "?sv=1&sig=x")).HasFlag(ArtifactStoreCapabilities.DownloadLinks));
        Assert.False(With(options => (options.SharedKey, options.ConnectionString) = (null, "BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x")).HasFlag(ArtifactStoreCapabilities.DownloadLinks));

        static ArtifactStoreCapabilities With(Action<AzureBlobOptions> configure)
        {
            AzureBlobOptions options = Options();
            configure(options);
            return new AzureBlobArtifactStore(s_location, options).Capabilities;
        }
    }

    [Fact]
    public void A_door_with_a_strange_location_says_so_at_once()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<ArgumentException>(() => Tracker.Open(t => t.UseInMemory(folder.Path).UseAzureBlobArtifacts("s3://bucket/x")));
        Assert.Throws<ArgumentException>(() => Tracker.Open(t => t.UseInMemory(folder.Path).AddAzureBlobArtifacts("models")));
    }

    private static AzureBlobOptions Options() => new() { SharedKey = new StorageSharedKeyCredential("acme", Key) };
}
