using System.Text;
using System.Text.Json;
using MLOps.Server.Metrics;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Tests.Metrics;

public sealed class SentPointsTests
{
    private static readonly RunId s_run = new("run");

    [Fact]
    public void Points_are_put_together_by_series_in_their_order()
    {
        Random random = new(7);
        List<(string Key, MetricPoint Point)> sent = [];
        for (int i = 0; i < 1000; i++)
        {
            // Repeated, in turns, and at random; ä is also written as an escape.
            string key = i < 200 ? "loss" : i < 600 ? $"m{i % 7}" : random.Next(3) == 0 ? "ä" : $"m{random.Next(9)}";
            sent.Add((key, new MetricPoint(random.Next(-5, 5), random.Next(10), random.NextDouble())));
        }

        string metrics = string.Join(',', sent.Select((metric, i) => FormattableString.Invariant(
            $$"""{"step":{{metric.Point.Step}},"key":"{{(i % 2 == 0 ? metric.Key.Replace("ä", "\\u00e4", StringComparison.Ordinal) : metric.Key)}}","value":{{metric.Point.Value:R}},"timestamp":{{metric.Point.TimestampMs}}}""")));
        TrackingRecord.PointsLogged[] records = Read($"[{metrics}]");

        Assert.Equal(sent.Select(metric => metric.Key).Distinct(), records.Select(record => record.Key));
        Assert.All(records, record =>
        {
            Assert.Equal((s_run, null, null, null), (record.RunId, record.Model, record.DatasetName, record.DatasetDigest));
            Assert.Equal(sent.Where(metric => metric.Key == record.Key).Select(metric => metric.Point), record.Points.ToArray());
        });
    }

    [Fact]
    public void Points_of_different_models_and_datasets_are_apart()
    {
        const string first = "m-00000000000000000000000000000001", second = "m-00000000000000000000000000000002";
        TrackingRecord.PointsLogged[] records = Read($$"""
            [
                {"key":"f1","value":1,"timestamp":1},
                {"key":"f1","value":2,"timestamp":1,"model_id":"{{first}}"},
                {"key":"f1","value":3,"timestamp":1,"modelId":"{{second}}"},
                {"key":"f1","value":4,"timestamp":1,"model_id":"{{first}}","dataset_name":"test","dataset_digest":"abc"},
                {"key":"f1","value":5,"timestamp":1,"model_id":"{{first}}","datasetName":"test","datasetDigest":"abd"},
                {"key":"f1","value":6,"timestamp":1,"model_id":"","dataset_name":null,"dataset_digest":""},
                {"key":"f1","value":7,"timestamp":1,"model_id":"{{first}}"},
                {"key":"f1","value":8,"timestamp":1}
            ]
            """);
        Assert.Equal(
            [("", "", "", "1 6 8"), (first, "", "", "2 7"), (second, "", "", "3"), (first, "test", "abc", "4"), (first, "test", "abd", "5")],
            records.Select(record => (record.Model?.Value ?? "", record.DatasetName ?? "", record.DatasetDigest ?? "", string.Join(' ', record.Points.ToArray().Select(point => point.Value)))));
    }

    [Fact]
    public void No_metrics_are_no_records()
    {
        foreach (string metrics in (string[])["[]", "null"])
            Assert.Empty(Read(metrics));
    }

    private static TrackingRecord.PointsLogged[] Read(string metrics)
    {
        using JsonDocument body = JsonBody.Parse(Encoding.UTF8.GetBytes($$"""{"metrics":{{metrics}}}"""))!;
        List<TrackingRecord> records = [];
        SentPoints.Read(new MlflowFields(body.RootElement))?.AddRecords(s_run, records);
        return [.. records.Cast<TrackingRecord.PointsLogged>()];
    }
}
