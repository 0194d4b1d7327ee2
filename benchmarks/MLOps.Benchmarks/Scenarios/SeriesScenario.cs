using System.Diagnostics;
using MLOps.Sqlite;
using MLOps.Tracking;
using MLOps.Tracking.Storage;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A series read whole and a long one reduced to what a chart can show, beside the decoding alone of what they must decode.</summary>
internal static class SeriesScenario
{
    private const string Name = "series";
    private const int Short = 100_000;
    private const int Kept = 2_000;
    private const long Start = 1_790_000_000_000;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        (int length, string size) = options.Quick ? (1_000_000, "1m") : (10_000_000, "10m");
        int trials = options.Trials ?? (options.Quick ? 21 : 101);
        using ScratchFolder folder = options.NewFolder();
        RunId run = RunId.New();
        SeriesQuery whole = new() { Runs = [run], Keys = ["short"] };
        SeriesQuery reduced = new() { Runs = [run], Keys = ["long"], MaxPoints = Kept };
        SeriesQuery byTime = reduced with { Axis = SeriesAxis.Time };
        await using (SqliteTrackingStore store = new(folder.Database))
        {
            await LoadAsync(store, run, length, options.Seed);
            Expect(Short, (await store.GetSeriesAsync(whole, default))[0]);
            Expect(Kept, (await store.GetSeriesAsync(reduced, default))[0]);
            Figure.Print(Name, "points", length, "points");
            Figure.Print(Name, "kept", Kept, "points");
            Figure.Print(Name, "read_100k_ms", await MedianAsync(trials, () => store.GetSeriesAsync(whole, default)), "ms");
            Figure.Print(Name, "decode_100k_ms", Decode(trials, Short, options.Seed), "ms");
            Figure.Print(Name, $"reduce_{size}_ms", await MedianAsync(trials, () => store.GetSeriesAsync(reduced, default)), "ms");
            Figure.Print(Name, $"decode_coarse_{size}_ms", DecodeCoarse(trials, length, options.Seed), "ms");
            Figure.Print(Name, $"reduce_{size}_by_time_ms", await MedianAsync(trials, () => store.GetSeriesAsync(byTime, default)), "ms");
        }

        Figure.Print(Name, $"reduce_{size}_first_ms", await MedianAsync(Math.Min(trials, 11), async () =>
        {
            await using SqliteTrackingStore fresh = new(folder.Database);
            return await fresh.GetSeriesAsync(reduced, default);
        }), "ms");
    }

    private static async Task LoadAsync(SqliteTrackingStore store, RunId run, int length, int seed)
    {
        await AppendAsync(store, new TrackingRecord.RunStarted(run, Start) { ExperimentName = Name });
        foreach ((string key, int count) in ((string, int)[])[("short", Short), ("long", length)])
        {
            foreach (MetricPoint[] batch in Points(count, seed).Chunk(100_000))
                await AppendAsync(store, new TrackingRecord.PointsLogged(run, key, batch));
        }

        await AppendAsync(store, new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = Start + length });
    }

    private static async Task AppendAsync(SqliteTrackingStore store, TrackingRecord record)
    {
        AppendResult result = await store.AppendAsync(new RecordBatch { Records = [record] }, default);
        if (result.Rejections.Count > 0)
            throw new InvalidOperationException(result.Rejections[0].Message);
    }

    /// <summary>A walk at random: noisy doubles at regular steps, a millisecond apart.</summary>
    private static IEnumerable<MetricPoint> Points(int count, int seed)
    {
        Random random = new(seed);
        double value = 0;
        for (int step = 0; step < count; step++)
            yield return new MetricPoint(step, Start + step, value += random.NextDouble() - 0.5);
    }

    private static void Expect(int most, MetricSeries series)
    {
        if (series.Points.Count > most || series.Points.Count < most / 2)
            throw new InvalidOperationException($"{most} points were expected and {series.Points.Count} came.");
    }

    private static async Task<double> MedianAsync(int trials, Func<ValueTask<IReadOnlyList<MetricSeries>>> read)
    {
        double[] times = new double[trials];
        for (int i = 0; i < trials; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await read();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Median(times);
    }

    /// <summary>What reading whole cannot be faster than: the chunks, in memory already, one after the other.</summary>
    private static double Decode(int trials, int length, int seed)
    {
        byte[][] chunks = [.. Points(length, seed).Chunk(PointChunk.Capacity).Select(points => PointChunk.Encode(points))];
        MetricPoint[] room = new MetricPoint[PointChunk.Capacity];
        double[] times = new double[trials];
        foreach (ref double time in times.AsSpan())
        {
            long start = Stopwatch.GetTimestamp();
            foreach (byte[] chunk in chunks)
                PointChunk.Decode(chunk, room);
            time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Median(times);
    }

    /// <summary>What reducing cannot be faster than: the coarse levels, in memory already, one after the other.</summary>
    private static double DecodeCoarse(int trials, int length, int seed)
    {
        byte[][] levels = [.. Points(length, seed).Chunk(PointChunk.Capacity).Select(points => PointChunk.EncodeCoarse(points))];
        CoarseBucket[] room = new CoarseBucket[PointChunk.Capacity / PointChunk.PointsPerBucket];
        double[] times = new double[trials];
        foreach (ref double time in times.AsSpan())
        {
            long start = Stopwatch.GetTimestamp();
            foreach (byte[] level in levels)
                PointChunk.DecodeCoarse(level, room);
            time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Median(times);
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return times[times.Length / 2];
    }
}
