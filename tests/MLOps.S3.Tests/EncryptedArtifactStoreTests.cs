using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;
using MLOps.Tracking.Contract.Artifacts;

namespace MLOps.S3.Tests;

/// <summary>The contract through encryption on our side, which reads an object in two requests and tells sizes that the server does not know.</summary>
public sealed class EncryptedArtifactStoreTests(Moto server) : ArtifactStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private S3ArtifactStore? _inner;
    private LocalKeyFile? _keys;
    private EncryptedArtifactStore _store = null!;

    protected override IArtifactStore Store => _store;

    public override ValueTask InitializeAsync()
    {
        _store = new(_inner = server.Open(), _keys = LocalKeyFile.Create(_folder["keys.txt"]));
        return base.InitializeAsync();
    }

    public override ValueTask DisposeAsync()
    {
        _inner?.Dispose();
        _keys?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync() => new(server.NewLocation());
}
