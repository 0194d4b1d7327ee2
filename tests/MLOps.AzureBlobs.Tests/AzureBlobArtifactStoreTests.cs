using MLOps.RealServers;
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

/// <summary>The contract with no more than a SAS of the rights that the documentation names, small parts, and a prefix of odd characters in a <c>wasbs</c> location.</summary>
public sealed class SasOnlyStoreTests(Azurite azurite) : ArtifactStoreContract
{
    private AzureBlobArtifactStore _store = null!;
    private string _container = null!;

    protected override IArtifactStore Store => _store;

    public override async ValueTask InitializeAsync()
    {
        _container = (await azurite.CreateContainerAsync()).Name;
        _store = new(
            new Uri($"wasbs://any@{AzuriteServer.AccountName}.blob.core.windows.net"),
            new() { SasToken = Azurite.Sas("rwdl", TimeProvider.System.GetUtcNow().AddHours(1)), ServiceUrl = azurite.ServiceUrl, PartSizeBytes = 1 << 20, PartsAtOnce = 2 });
        await base.InitializeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync() =>
        new(new Uri($"wasbs://{_container}@{AzuriteServer.AccountName}.blob.core.windows.net/{Guid.NewGuid():N}/gr%C3%B6%C3%9Fe%20+%20100%25/"));
}
