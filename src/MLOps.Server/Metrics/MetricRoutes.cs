using MLOps.Server.Wire;

namespace MLOps.Server.Metrics;

/// <summary>Points and histories (contract §3.2).</summary>
internal sealed class MetricRoutes : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes => [];
}
