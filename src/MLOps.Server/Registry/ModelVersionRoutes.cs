using MLOps.Server.Wire;

namespace MLOps.Server.Registry;

/// <summary>Versions of registered models (contract §3.3).</summary>
internal sealed class ModelVersionRoutes : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes => [];
}
