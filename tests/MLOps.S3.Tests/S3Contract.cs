using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Contract.Artifacts;

namespace MLOps.S3.Tests;

/// <summary>The contract of all artifact stores, on a server of S3.</summary>
public abstract class S3Contract(S3Server server) : ArtifactStoreContract
{
    private S3ArtifactStore? _store;

    protected override IArtifactStore Store => _store ??= server.Open();

    public override ValueTask DisposeAsync()
    {
        _store?.Dispose();
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync()
    {
        _ = server.Endpoint;
        return new(server.NewLocation());
    }
}
