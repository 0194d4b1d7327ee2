using MLOps.Server.Wire;

namespace MLOps.Server.Artifacts;

/// <summary>Artifacts of runs, and the proxy (contract §3.4, 8).</summary>
internal sealed class ArtifactRoutes : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes => [];
}
