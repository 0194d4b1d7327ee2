using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using MLOps.AzureBlobs.Tests;
using MLOps.RealServers;

[assembly: AssemblyFixture(typeof(Azurite))]

namespace MLOps.AzureBlobs.Tests;

/// <summary>The one Azurite of all tests; each works in containers of its own.</summary>
public sealed class Azurite : IAsyncLifetime
{
    private AzuriteServer? _server;
    private string? _missing;

    public static StorageSharedKeyCredential Key { get; } = new(AzuriteServer.AccountName, AzuriteServer.AccountKey);

    /// <summary>Its address; a test that asks for it is skipped where there is none, or fails where there must be one.</summary>
    public Uri Endpoint
    {
        get
        {
            if (_server is not null)
                return _server.Endpoint;
            if (RealServer.IsRequired)
                Assert.Fail(_missing!);
            Assert.Skip(_missing!);
            return null!;
        }
    }

    public Uri ServiceUrl => new(Endpoint, AzuriteServer.AccountName);

    /// <summary>A client that goes past the store, to arrange and to look.</summary>
    public BlobServiceClient Service => new(ServiceUrl, Key);

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await AzuriteServer.StartAsync();
        }
        catch (ServerUnavailableException e)
        {
            _missing = e.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>Makes a container.</summary>
    public async Task<BlobContainerClient> CreateContainerAsync()
    {
        BlobContainerClient container = Service.GetBlobContainerClient($"c{Guid.NewGuid():N}");
        await container.CreateAsync(cancellationToken: TestContext.Current.CancellationToken);
        return container;
    }

    /// <summary>A SAS for the account.</summary>
    public static string Sas(string permissions, DateTimeOffset ends) => new AccountSasBuilder
    {
        Services = AccountSasServices.Blobs,
        ResourceTypes = AccountSasResourceTypes.Container | AccountSasResourceTypes.Object,
        ExpiresOn = ends,
        Protocol = SasProtocol.HttpsAndHttp,
    }.With(permissions).ToSasQueryParameters(Key).ToString();
}
