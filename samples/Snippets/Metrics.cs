using MLOps.Tracking;

namespace Snippets;

internal static class Metrics
{
    public static async Task LogAsync(Tracker tracker)
    {
        await using Run run = await tracker.StartRunAsync("churn");
        // <log>
        run.LogMetric("loss", 0.31, step: 1);

        // In a tight loop, look the key up once.
        Metric loss = run.Metric("loss");
        for (int step = 2; step <= 1_000; step++)
            loss.Log(1.0 / step, step);

        // A whole span at once: steps count on from the first.
        double[] rates = [0.1, 0.1, 0.01];
        run.LogMetrics("learning_rate", rates, firstStep: 1);
        // </log>
        await run.EndAsync(RunStatus.Finished);
    }

    public static async Task ReadAsync(Tracker tracker, RunId id)
    {
        // <read>
        MetricSeries loss = await tracker.GetSeriesAsync(id, "loss");
        foreach (MetricPoint point in loss.Points)
            Console.WriteLine($"{point.Step}  {point.Value}  {point.At:O}");

        RunDetails run = await tracker.GetRunAsync(id);
        Console.WriteLine($"latest {run.Metrics["loss"].Value}");
        // </read>
    }
}
