using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Runs;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Metrics;

/// <summary>Points of metrics, alone or in a batch with params and tags (contract §3.2, 4, 5.7, 5.8).</summary>
internal sealed class MetricRoutes(ITrackingStore store, IOptions<MLOpsServerOptions> options) : IRouteSet
{
    private const int MostEntities = 1000, MostMetrics = 1000, MostParams = 100, MostTags = 100;

    private readonly RunPairs _pairs = new(options.Value.TruncateLongValues);

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("runs/log-metric", AccessDemand.WriteRun, LogMetricAsync),
        MlflowRoute.Post("runs/log-batch", AccessDemand.WriteRun, LogBatchAsync),
    ];

    private async Task LogMetricAsync(MlflowCall call)
    {
        RunId run = call.Fields.RunId();
        MetricFields metric = new(call.Fields.Json);
        SeriesName series = metric.Series();
        await store.CommitAsync([series.RecordOf(run, new[] { metric.Point() })], call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    // All or nothing, in the protocol's order: params, metrics, tags.
    private async Task LogBatchAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        CheckSizes(fields);
        RunId run = RunOf(fields);
        List<TrackingRecord> records = [];
        AddParams(run, fields, records);
        SentPoints? points = SentPoints.Read(fields);
        points?.AddRecords(run, records);
        foreach (MlflowFields tag in fields.Objects("tags"))
            records.Add(_pairs.Tag(run, tag));
        if (records.Count > 0)
            await store.CommitAsync(records, call.Cancelled).ConfigureAwait(false);
        else
            await DemandWritableAsync(run, call.Cancelled).ConfigureAwait(false);
        points?.Release();
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    // Counted before anything is read, so that a huge batch costs nothing more.
    private static void CheckSizes(MlflowFields fields)
    {
        int metrics = fields.Count("metrics"), pairs = fields.Count("params"), tags = fields.Count("tags");
        CheckSize(metrics, MostMetrics, "metrics");
        CheckSize(pairs, MostParams, "params");
        CheckSize(tags, MostTags, "tags");
        CheckSize(metrics + pairs + tags, MostEntities, "metrics, params and tags");
    }

    private static void CheckSize(int count, int most, string what)
    {
        if (count > most)
            throw MlflowException.Invalid($"A batch logging request can contain at most {most} {what}. Got {count} {what}. Please split up {what} across multiple requests and try again.");
    }

    // Here, unlike elsewhere, what cannot be an id is a mistake of its own (contract §4).
    private static RunId RunOf(MlflowFields fields)
    {
        string text = fields.RequiredText("run_id");
        return RunId.TryParse(text, out RunId run) ? run
            : throw MlflowException.Invalid($"Invalid run ID: '{MlflowFields.Short(text)}'. It starts with a letter or digit and has at most 256 letters, digits, '_' or '-'.");
    }

    private void AddParams(RunId run, MlflowFields fields, List<TrackingRecord> records)
    {
        HashSet<string> keys = new(StringComparer.Ordinal);
        foreach (MlflowFields pair in fields.Objects("params"))
        {
            TrackingRecord.ParamLogged param = _pairs.Param(run, pair);
            if (!keys.Add(param.Key))
                throw MlflowException.Invalid($"Duplicate parameter keys have been submitted: '{param.Key}'. Please ensure the request contains only one param value per param key.");
            records.Add(param);
        }
    }

    private async Task DemandWritableAsync(RunId run, CancellationToken cancellationToken)
    {
        RunDetails found = await store.FindRunAsync(run, cancellationToken).ConfigureAwait(false) ?? throw new RunNotFoundException(run);
        if (found.Info.Lifecycle == Lifecycle.Deleted)
            throw new RunDeletedException(run);
    }
}
