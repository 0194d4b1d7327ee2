using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

/// <summary>What the charts of numbers promise in words.</summary>
public sealed class NumberDetectorTests
{
    [Fact]
    public void A_chart_that_looks_one_way_sees_no_change_the_other_way()
    {
        double[] rise = [.. Noise(500, 0), .. Noise(500, 5)], fall = [.. rise.Select(value => -value)];
        foreach (Func<ChangeDirection, StreamDetector> make in (Func<ChangeDirection, StreamDetector>[])
            [way => new PageHinkley(threshold: 20, direction: way), way => new Cusum(threshold: 15, direction: way), way => new Ewma(threshold: 6, direction: way)])
        {
            Assert.InRange(make(ChangeDirection.Up).AddUntil(StreamSignal.Drift, rise), 500, 520);
            Assert.InRange(make(ChangeDirection.Both).AddUntil(StreamSignal.Drift, rise), 500, 520);
            Assert.InRange(make(ChangeDirection.Both).AddUntil(StreamSignal.Drift, fall), 500, 520);
            Assert.InRange(make(ChangeDirection.Down).AddUntil(StreamSignal.Drift, fall), 500, 520);
            Assert.Equal(-1, make(ChangeDirection.Up).AddUntil(StreamSignal.Drift, fall));
            Assert.Equal(-1, make(ChangeDirection.Down).AddUntil(StreamSignal.Drift, rise));
        }
    }

    [Fact]
    public void Cusum_and_Ewma_do_not_ask_for_the_unit()
    {
        double[] stream = [.. Noise(500, 0), .. Noise(500, 1)];
        foreach (Func<StreamDetector> make in (Func<StreamDetector>[])[() => new Cusum(), () => new Ewma()])
        {
            List<int> drifts = Drifts(make(), stream);
            Assert.NotEmpty(drifts);

            // Powers of two, so that no rounding differs.
            Assert.Equal(drifts, Drifts(make(), [.. stream.Select(value => value * 1024)]));
            Assert.Equal(drifts, Drifts(make(), [.. stream.Select(value => value / 1024)]));
        }
    }

    [Fact]
    public void PageHinkley_shows_the_mean_that_raised_the_alarm_until_the_next_value()
    {
        PageHinkley detector = new();
        Assert.True(double.IsNaN(detector.Mean));
        double[] stream = [.. Noise(500, 0), .. Noise(500, 5)];
        int at = detector.AddUntil(StreamSignal.Drift, stream);
        Assert.Equal(stream[..(at + 1)].Average(), detector.Mean, 1e-12);
        detector.Add(7);
        Assert.Equal(7, detector.Mean);
    }

    [Fact]
    public void Cusum_freezes_the_reference_of_its_warm_up()
    {
        // 1 and −1 in turn: mean 0, deviation √(4/3); then a rise that is a drift when what exceeds the slack adds up to two deviations.
        Cusum detector = new(warmUp: 4, slack: 0.5, threshold: 2);
        foreach (double value in (double[])[1, -1, 1, -1])
            Assert.Equal(StreamSignal.None, detector.Add(value));
        double sigma = Math.Sqrt(4.0 / 3), rise = 0;
        int needed = 0;
        for (; rise <= 2 * sigma; needed++)
            rise += 1.2 - (0.5 * sigma);
        for (int i = 1; i < needed; i++)
            Assert.Equal(StreamSignal.None, detector.Add(1.2));
        Assert.Equal(StreamSignal.Drift, detector.Add(1.2));
    }

    [Fact]
    public void Ewma_alarms_where_the_weighted_mean_of_all_values_leaves_its_limits()
    {
        const double Alpha = 0.2, Threshold = 2.2;
        Ewma detector = new(Alpha, Threshold, warmUp: 3);
        List<double> values = [];
        int drifts = 0;
        foreach (double value in EveryDetector.Stream(detector, new Random(12), 10_000))
        {
            values.Add(value);
            int n = values.Count;
            double Weight(int i) => i == 0 ? Math.Pow(1 - Alpha, n - 1) : Alpha * Math.Pow(1 - Alpha, n - 1 - i);
            double fading = values.Select((x, i) => Weight(i) * x).Sum(), variance = values.Select((x, i) => Weight(i) * (x - fading) * (x - fading)).Sum();
            double bound = Threshold * Math.Sqrt(variance * Alpha / (2 - Alpha) * (1 - Math.Pow(1 - Alpha, 2 * n)));
            bool drift = n >= 3 && Math.Abs(fading - values.Average()) > bound;
            Assert.Equal(drift, detector.Add(value) == StreamSignal.Drift);
            if (drift)
            {
                values.Clear();
                drifts++;
            }
        }

        Assert.NotEqual(0, drifts);
    }

    private static List<int> Drifts(StreamDetector detector, double[] stream)
    {
        List<int> drifts = [];
        for (int from = 0, at; (at = detector.AddUntil(StreamSignal.Drift, stream.AsSpan(from))) >= 0; from += at + 1)
            drifts.Add(from + at);
        return drifts;
    }

    private static double[] Noise(int count, double level)
    {
        Random random = new(count + (int)level);
        return [.. Enumerable.Range(0, count).Select(_ => level + random.NextDouble() + random.NextDouble() - 1)];
    }
}
