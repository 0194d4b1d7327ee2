using System.Collections.Frozen;
using MLOps.Tracking.Costs;
using MLOps.Tracking.SystemMetrics;

namespace MLOps.Tracking;

// What runs cost: their prices as params at the start, what they took as metrics at the end.
public sealed partial class Tracker
{
    // One look serves all runs of a process, and only those that need it begin one.
    private static readonly Lazy<Task<int>> VisibleGpuCount = new(static () => Task.Run(VisibleGpus.Count));

    private void MeterCost(Run run, PriceTable prices, RunDetails? before = null)
    {
        prices = prices with { };
        if (prices.GpuCount is null)
        {
            // Begun now, so that an end that comes at once finds something to wait for.
            Task<int> counting = VisibleGpuCount.Value;
            run.InBackground(() => counting);
        }

        run.Cost = new CostMeter(
            prices, before?.Metrics ?? FrozenDictionary<string, MetricPoint>.Empty, Clock, static () => Environment.CpuUsage.TotalTime, () => prices.GpuCount ?? CountedGpus());
        if (before is not null && CostMeter.HasPrices(before.Params))
            return;
        foreach ((string key, string value) in run.Cost.Params)
            run.LogParam(key, value);
    }

    // Null while the driver has not answered.
    private static int? CountedGpus() => VisibleGpuCount.Value is { IsCompletedSuccessfully: true } counted ? counted.GetAwaiter().GetResult() : null;

    // The ends that are about to be written would not wait.
    private static async ValueTask CountGpusAsync(TimeSpan timeout)
    {
        if (VisibleGpuCount.IsValueCreated)
            await ((Task)VisibleGpuCount.Value).WaitAsync(timeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
