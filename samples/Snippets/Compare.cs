using MLOps.Tracking;

namespace Snippets;

internal static class Compare
{
    public static async Task ShowAsync(Tracker tracker)
    {
        List<RunId> sweep = [];
        foreach (double rate in (double[])[0.01, 0.1])
        {
            await tracker.RunAsync("churn", run =>
            {
                sweep.Add(run.Id);
                run.LogParam("learning_rate", rate);
                run.LogMetric("val/loss", rate * 3);
                return Task.CompletedTask;
            });
        }

        RunId first = sweep[0], second = sweep[1];
        // <compare>
        RunComparison comparison = await tracker.CompareRunsAsync([first, second]);
        Console.WriteLine(comparison);
        // </compare>
    }

    public static async Task ReportAsync(Tracker tracker, RunId first, RunId second)
    {
        // <compare-report>
        CompareOptions options = new()
        {
            Directions = new Dictionary<string, MetricDirection> { ["profit"] = MetricDirection.Higher },
            OnlyDifferentParams = true,
            Artifacts = false,
        };
        RunComparison comparison = await tracker.CompareRunsAsync([first, second], options);

        await tracker.RunAsync("reports", async run =>
        {
            await run.LogTextAsync("comparison.md", comparison.ToMarkdown());
            await run.LogTextAsync("comparison.csv", comparison.ToCsv());
            await run.LogTextAsync("comparison.json", comparison.ToJson());
        });
        // </compare-report>

        // <compare-gate>
        ComparisonRow? loss = comparison.Metrics.FirstOrDefault(row => row.Key == "val/loss");
        bool isBetter = loss?.Cells[1] is { IsBest: true };
        // </compare-gate>
        Console.WriteLine(isBetter);
    }
}
