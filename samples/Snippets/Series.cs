using MLOps.Tracking;

namespace Snippets;

internal static class Series
{
    public static async Task ReadAsync(Tracker tracker, RunId first, RunId second)
    {
        // <series-chart>
        IReadOnlyList<MetricSeries> chart = await tracker.GetSeriesAsync(new SeriesQuery
        {
            Runs = [first, second],
            Keys = ["loss", "accuracy"],
            MaxPoints = 2_000,
        });
        foreach (MetricSeries line in chart)
            Console.WriteLine($"{line.RunId} {line.Key}: {line.Points.Count} points{(line.IsReduced ? ", reduced" : "")}");
        // </series-chart>

        // <series-time>
        SeriesQuery lastHour = new()
        {
            Runs = [first],
            Keys = ["system/cpu_utilization_percentage"],
            Axis = SeriesAxis.Time,
            From = DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds(),
        };
        IReadOnlyList<MetricSeries> recent = await tracker.GetSeriesAsync(lastHour);
        // </series-time>
        Console.WriteLine(recent.Count);
    }
}
