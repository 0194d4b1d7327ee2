using MLOps.Server.Wire;

namespace MLOps.Server.LoggedModels;

/// <summary>Logged models (contract §3.5).</summary>
internal sealed class LoggedModelRoutes : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes => [];
}
