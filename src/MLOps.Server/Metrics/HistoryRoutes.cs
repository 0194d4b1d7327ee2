using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Metrics;

/// <summary>Histories of metrics: of a run page by page, and of several runs at once, whole or sampled (contract §3.2, 5.7).</summary>
internal sealed class HistoryRoutes(ITrackingStore store) : IRouteSet
{
    private const int MostRuns = 100, PagePoints = 25_000, MostBulkPoints = 25_000, MostSampledSteps = 2_500;

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Get("metrics/get-history", AccessDemand.ReadRun, GetAsync),
        MlflowRoute.Get("metrics/get-history-bulk", AccessDemand.ReadRun, GetBulkAsync) with { Base = RouteBase.MlflowPages },
        MlflowRoute.Get("metrics/get-history-bulk-interval", AccessDemand.ReadRun, GetSampledAsync),
    ];

    private async Task GetAsync(MlflowCall call)
    {
        RunId run = call.Fields.RunId();
        string key = call.Fields.RequiredText("metric_key");
        int most = MostPoints(call.Fields, PagePoints);
        MetricPoint? place = call.Fields.Text("page_token") is { Length: > 0 } token ? HistoryPlace.Read(run, key, token) : null;
        IReadOnlyList<MetricPoint> points = await ReadAsync(run, key, SeriesAxis.Time, place?.TimestampMs, to: null, call.Cancelled).ConfigureAwait(false);
        if (points.Count == 0 && await store.FindRunAsync(run, call.Cancelled).ConfigureAwait(false) is null)
            throw new RunNotFoundException(run);

        int first = 0;
        while (place is { } last && first < points.Count && IsUpTo(points[first], last))
            first++;
        int end = points.Count - first > most ? first + most : points.Count;
        using HistoryWriter answer = new(call, key);
        for (int i = first; i < end; i++)
        {
            answer.Write(points[i]);
            if (answer.IsPieceFull)
                await answer.SendAsync().ConfigureAwait(false);
        }

        await answer.EndAsync(end < points.Count ? HistoryPlace.Write(run, key, points[end - 1]) : null).ConfigureAwait(false);
    }

    private async Task GetBulkAsync(MlflowCall call)
    {
        RunId[] runs = RunsOf(call.Fields, "run_id");
        string key = call.Fields.RequiredText("metric_key");
        int left = Math.Min(MostPoints(call.Fields, MostBulkPoints), MostBulkPoints);
        using HistoryWriter answer = new(call, key);
        foreach (RunId run in runs.OrderBy(run => run.Value, StringComparer.Ordinal))
        {
            if (left == 0)
                break;
            answer.BeginRun(run);
            foreach (MetricPoint point in (await ReadAsync(run, key, SeriesAxis.Time, from: null, to: null, call.Cancelled).ConfigureAwait(false)).Take(left))
            {
                answer.Write(point);
                left--;
                if (answer.IsPieceFull)
                    await answer.SendAsync().ConfigureAwait(false);
            }
        }

        await answer.EndAsync().ConfigureAwait(false);
    }

    // Each series is read twice, for its steps and for its points, rather than all of them kept at once.
    private async Task GetSampledAsync(MlflowCall call)
    {
        RunId[] runs = RunsOf(call.Fields, "run_ids");
        string key = call.Fields.RequiredText("metric_key");
        (long? from, long? to) = StepsOf(call.Fields);
        int most = call.Fields.Int32("max_results") ?? MostSampledSteps;
        if (most is < 1 or > MostSampledSteps)
            throw call.Fields.Refuse("max_results", $"a whole number from 1 to {MostSampledSteps} is expected.");

        StepSample sample = new();
        foreach (RunId run in runs)
            sample.Add(await ReadAsync(run, key, SeriesAxis.Step, from, to, call.Cancelled).ConfigureAwait(false));
        HashSet<long> steps = sample.Take(most);
        using HistoryWriter answer = new(call, key);
        foreach (RunId run in runs)
        {
            answer.BeginRun(run);
            foreach (MetricPoint point in await ReadAsync(run, key, SeriesAxis.Step, from, to, call.Cancelled).ConfigureAwait(false))
            {
                if (!steps.Contains(point.Step))
                    continue;
                answer.Write(point);
                if (answer.IsPieceFull)
                    await answer.SendAsync().ConfigureAwait(false);
            }
        }

        await answer.EndAsync().ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<MetricPoint>> ReadAsync(RunId run, string key, SeriesAxis axis, long? from, long? to, CancellationToken cancellationToken)
    {
        SeriesQuery query = new() { Runs = [run], Keys = [key], Axis = axis, From = from, To = to };
        return (await store.GetSeriesAsync(query, cancellationToken).ConfigureAwait(false))[0].Points;
    }

    /// <summary>Whether a point comes before another in the order of histories, or is it: by timestamp, step, value.</summary>
    private static bool IsUpTo(MetricPoint point, MetricPoint last) => point.TimestampMs != last.TimestampMs ? point.TimestampMs < last.TimestampMs : point <= last;

    // 0 stands for the default, as if it were not there.
    private static int MostPoints(MlflowFields fields, int usual)
    {
        int most = fields.Int32("max_results") ?? 0;
        return most < 0 ? throw fields.Refuse("max_results", $"a whole number from 1 on is expected; 0 stands for {usual}.") : most == 0 ? usual : most;
    }

    private static RunId[] RunsOf(MlflowFields fields, string name)
    {
        IReadOnlyList<string> texts = fields.Texts(name);
        return texts.Count switch
        {
            0 => throw fields.Missing(name),
            > MostRuns => throw MlflowException.Invalid($"Histories of at most {MostRuns} runs can be asked for at once. Received {texts.Count} runs."),
            _ => [.. texts.Select(MlflowFields.RunIdOf).Distinct()],
        };
    }

    private static (long? From, long? To) StepsOf(MlflowFields fields)
    {
        long? from = fields.Int64("start_step"), to = fields.Int64("end_step");
        if (from is null != to is null)
            throw MlflowException.Invalid("If either start step or end step are specified, both must be specified.");
        return from > to ? throw MlflowException.Invalid($"end_step must be greater than start_step. Found start_step={from} and end_step={to}.") : (from, to);
    }
}
