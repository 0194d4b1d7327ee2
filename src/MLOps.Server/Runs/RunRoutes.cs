using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Runs;

/// <summary>Runs, their params and tags (contract §3.2).</summary>
internal sealed class RunRoutes(ITrackingStore store, IOptions<MLOpsServerOptions> options) : IRouteSet
{
    private readonly RunPairs _pairs = new(options.Value.TruncateLongValues);

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("runs/log-parameter", AccessDemand.WriteRun, LogParamAsync),
    ];

    private async Task LogParamAsync(MlflowCall call)
    {
        await store.CommitAsync([_pairs.Param(call.Fields.RunId(), call.Fields)], call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }
}
