using MLOps.RealServers;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;
using MLOps.Tracking.Contract.Artifacts;

namespace MLOps.AzureBlobs.Tests;

/// <summary>The contract through encryption on our side, which reads an object in two requests and tells sizes that the service does not know.</summary>
public sealed class EncryptedArtifactStoreTests(Azurite azurite) : ArtifactStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private LocalKeyFile? _keys;
    private EncryptedArtifactStore _store = null!;
    private string _container = null!;

    protected override IArtifactStore Store => _store;

    public override async ValueTask InitializeAsync()
    {
        _container = (await azurite.CreateContainerAsync()).Name;
        AzureBlobArtifactStore inner = new(
            new Uri($"wasbs://any@{AzuriteServer.AccountName}.blob.core.windows.net"),
            new() { SasToken = Azurite.Sas("rwdl", TimeProvider.System.GetUtcNow().AddHours(1)), ServiceUrl = azurite.ServiceUrl });
        _store = new(inner, _keys = LocalKeyFile.Create(_folder["keys.txt"]));
        await base.InitializeAsync();
    }

    public override ValueTask DisposeAsync()
    {
        _keys?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync() => new(new Uri($"wasbs://{_container}@{AzuriteServer.AccountName}.blob.core.windows.net/{Guid.NewGuid():N}"));
}
