using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    /// <summary>Compares the store with a sorted set: few series, many small and some large batches, all the kinds of points that meet in practice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_is_logged_reads_like_a_sorted_set_of_points(int seed)
    {
        Random random = new(seed);
        bool nonFinite = Store.Capabilities.HasFlag(StoreCapabilities.NonFiniteValues);
        TestJournal journal = new(Clock);
        RunId[] runs = [RunId.New(Clock), RunId.New(Clock)];
        string[] keys = ["loss", "val/loss"];
        Dictionary<(RunId, string), SortedSet<MetricPoint>> model = runs.SelectMany(run => keys.Select(key => (run, key))).ToDictionary(series => series, _ => new SortedSet<MetricPoint>());
        int next = 0;
        await LogAsync(journal, [.. runs.Select(run => Started(run))]);

        for (int batch = 0; batch < 60; batch++)
        {
            List<TrackingRecord> records = [];
            for (int record = random.Next(1, 5); record > 0; record--)
            {
                (RunId run, string key) = (runs[random.Next(runs.Length)], keys[random.Next(keys.Length)]);
                SortedSet<MetricPoint> expected = model[(run, key)];
                MetricPoint[] points = [.. Enumerable.Range(0, random.Next(10) == 0 ? random.Next(3000) : random.Next(20)).Select(_ => RandomPoint(random, ref next, expected, nonFinite))];
                records.Add(new TrackingRecord.PointsLogged(run, key, points));
                foreach (MetricPoint point in points)
                    expected.Add(point.Value == 0 ? point with { Value = 0.0 } : point);
                if (random.Next(8) == 0)
                {
                    records.Add(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = NowMs });
                    if (random.Next(2) == 0)
                        records.Add(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Running });
                }
            }

            await LogAsync(journal, [.. records]);
            if (random.Next(15) == 0)
                await ReopenAsync();
            if (random.Next(6) == 0 || batch == 59)
                await AssertReadsLikeAsync(model, seed);
        }
    }

    private static MetricPoint RandomPoint(Random random, ref int next, SortedSet<MetricPoint> logged, bool nonFinite)
    {
        double[] special = nonFinite ? [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0] : [0, -0.0, double.Epsilon];
        double value = random.Next(12) == 0 ? special[random.Next(special.Length)] : random.NextDouble();
        return random.Next(20) switch
        {
            0 when logged.Count > 0 => random.Next(2) == 0 ? logged.Min : logged.Max,
            1 => new MetricPoint(random.Next(next + 1), 1000 + random.Next(next + 1), value),
            2 => new MetricPoint(next, 1000 + next, value),
            3 => new MetricPoint(random.NextInt64(long.MinValue, long.MaxValue), random.NextInt64(), value),
            _ => new MetricPoint(++next, 1000 + next / 4, value),
        };
    }

    private async Task AssertReadsLikeAsync(Dictionary<(RunId Run, string Key), SortedSet<MetricPoint>> model, int seed)
    {
        foreach (((RunId run, string key), SortedSet<MetricPoint> expected) in model)
        {
            IReadOnlyList<MetricPoint> points = await GetPointsAsync(run, key);
            Assert.True(expected.SequenceEqual(points), $"Seed {seed}: '{key}' has {points.Count} points that differ from the {expected.Count} expected.");
            if (expected.Count > 0)
                Assert.Equal(LatestByRule(expected), (await GetRunAsync(run)).Metrics[key]);
            else
                Assert.DoesNotContain(key, (await GetRunAsync(run)).Metrics.Keys);
        }
    }

    // MLflow's rule written out a second time: step, time, value with NaN as 0, and a number before NaN.
    private static MetricPoint LatestByRule(IEnumerable<MetricPoint> points) => points
        .OrderByDescending(point => point.Step)
        .ThenByDescending(point => point.TimestampMs)
        .ThenByDescending(point => double.IsNaN(point.Value) ? 0 : point.Value)
        .ThenBy(point => double.IsNaN(point.Value))
        .First();
}
