using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Contract.Artifacts;
using Snippets;

namespace MLOps.Tracking.Tests.Artifacts;

/// <summary>The store that docs/extend/an-artifact-store.md shows does what every store does.</summary>
public sealed class MemoryArtifactStoreTests : ArtifactStoreContract
{
    private int _locations;

    protected override IArtifactStore Store { get; } = new MemoryArtifactStore();

    protected override ValueTask<Uri> CreateLocationAsync() => new(new Uri($"memory://team/{++_locations}"));
}
