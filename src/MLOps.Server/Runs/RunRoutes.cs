using MLOps.Server.Wire;

namespace MLOps.Server.Runs;

/// <summary>Runs, their params, tags, inputs and outputs (contract §3.2).</summary>
internal sealed class RunRoutes : IRouteSet
{
    public IEnumerable<MlflowRoute> Routes => [];
}
