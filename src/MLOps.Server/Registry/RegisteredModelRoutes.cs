using MLOps.Server.Wire;

namespace MLOps.Server.Registry;

/// <summary>Registered models and their aliases (contract §3.3).</summary>
internal sealed class RegisteredModelRoutes : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes => [];
}
