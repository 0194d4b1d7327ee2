using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Contract.Artifacts;

namespace MLOps.AzureBlobs.Tests;

/// <summary>The contract with a shared key and the defaults, at path-style locations.</summary>
public sealed class AzureBlobArtifactStoreTests(Azurite azurite) : ArtifactStoreContract
{
    private AzureBlobArtifactStore _store = null!;

    protected override IArtifactStore Store => _store;

    public override ValueTask InitializeAsync()
    {
        _store = new(new Uri($"{azurite.ServiceUrl}/any"), new() { SharedKey = Azurite.Key });
        return base.InitializeAsync();
    }

    protected override async ValueTask<Uri> CreateLocationAsync() => (await azurite.CreateContainerAsync()).Uri;
}
