using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

/// <summary>What the detectors of errors promise in words.</summary>
public sealed class ErrorDetectorTests
{
    [Fact]
    public void Ddm_shows_the_error_rate_that_raised_the_alarm_until_the_next_value()
    {
        Ddm detector = new();
        Assert.True(double.IsNaN(detector.ErrorRate));
        double[] stream = [.. Errors(1_000, every: 10), .. Errors(1_000, every: 2)];
        int at = detector.AddUntil(StreamSignal.Drift, stream);
        Assert.InRange(at, 1_000, 1_500);
        Assert.Equal(stream[..(at + 1)].Average(), detector.ErrorRate);
        detector.Add(1);
        Assert.Equal(1, detector.ErrorRate);
    }

    [Fact]
    public void Ddm_takes_the_first_error_of_a_model_that_never_erred_for_a_drift()
    {
        Ddm detector = new();
        Assert.Equal(-1, detector.AddUntil(StreamSignal.Warning, new double[10_000]));
        Assert.Equal(StreamSignal.Drift, detector.Add(1));
    }

    [Fact]
    public void Ddm_takes_losses_between_right_and_wrong()
    {
        Ddm detector = new();
        Assert.Equal(-1, detector.AddUntil(StreamSignal.Drift, [.. Enumerable.Repeat(0.25, 1_000)]));
        Assert.InRange(detector.AddUntil(StreamSignal.Drift, [.. Enumerable.Repeat(0.75, 1_000)]), 0, 200);
    }

    [Fact]
    public void Eddm_keeps_a_warning_until_an_error_takes_it_back()
    {
        Eddm detector = new(driftRatio: 0.1);
        double[] stream = [.. Errors(2_000, every: 20), .. Errors(2_000, every: 5)];
        Assert.True(detector.AddUntil(StreamSignal.Warning, stream) >= 0);
        for (int i = 0; i < 100; i++)
            Assert.Equal(StreamSignal.Warning, detector.Add(0));
        Assert.Equal(StreamSignal.None, detector.Add(double.NaN));
        Assert.Equal(StreamSignal.Warning, detector.Signal);
    }

    [Fact]
    public void Hddm_sees_falls_only_when_two_sided()
    {
        double[] fall = [.. Errors(2_000, every: 2), .. Errors(2_000, every: 20)];
        Assert.Equal(-1, new HddmA().AddUntil(StreamSignal.Drift, fall));
        Assert.Equal(-1, new HddmW().AddUntil(StreamSignal.Drift, fall));
        Assert.InRange(new HddmA(twoSided: true).AddUntil(StreamSignal.Drift, fall), 2_000, 2_200);
        Assert.InRange(new HddmW(twoSided: true).AddUntil(StreamSignal.Drift, fall), 2_000, 2_200);
    }

    [Fact]
    public void HddmA_alarms_where_some_prefix_is_beaten_by_its_bound()
    {
        // The rule as its authors write it, from all prefixes of all values.
        Random random = new(11);
        const double Delta = 0.01, WarningDelta = 0.1;
        HddmA detector = new(Delta, WarningDelta);
        List<double> values = [];
        int drifts = 0;
        foreach (double value in EveryDetector.Stream(detector, random, 3_000))
        {
            values.Add(value);
            StreamSignal expected = StreamSignal.None;
            double total = values.Average(), sum = 0, least = double.PositiveInfinity, leastMean = 0;
            int leastLength = 0;
            for (int m = 1; m <= values.Count; m++)
            {
                sum += values[m - 1];
                double bound = (sum / m) + Math.Sqrt(Math.Log(1 / Delta) / (2 * m));
                if (bound <= least)
                    (least, leastMean, leastLength) = (bound, sum / m, m);
            }

            if (leastLength < values.Count)
            {
                double Bound(double delta) => Math.Sqrt((1.0 / leastLength - 1.0 / values.Count) / 2 * Math.Log(2 / delta));
                expected = total - leastMean >= Bound(Delta) ? StreamSignal.Drift : total - leastMean >= Bound(WarningDelta) ? StreamSignal.Warning : StreamSignal.None;
            }

            Assert.Equal(expected, detector.Add(value));
            if (expected == StreamSignal.Drift)
            {
                values.Clear();
                drifts++;
            }
        }

        Assert.NotEqual(0, drifts);
    }

    [Fact]
    public void Fhddm_takes_right_answers_and_sees_their_share_fall()
    {
        double[] right = [.. Errors(500, every: 2).Select(error => 1 - error)], wrong = [.. Errors(500, every: 10).Select(error => error)];
        Assert.InRange(new Fhddm().AddUntil(StreamSignal.Drift, [.. right, .. wrong]), 500, 600);
        Assert.Equal(-1, new Fhddm().AddUntil(StreamSignal.Drift, [.. wrong, .. right]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void Fhddm_compares_the_window_with_its_best_at_any_length(int windowSize)
    {
        const double Delta = 0.2;
        Fhddm detector = new(windowSize, Delta);
        List<double> values = [];
        double best = 0;
        foreach (double value in EveryDetector.Stream(detector, new Random(windowSize), 20_000))
        {
            values.Add(value);
            bool drift = false;
            if (values.Count >= windowSize)
            {
                double share = values.TakeLast(windowSize).Sum() / windowSize;
                best = Math.Max(best, share);
                drift = best - share > Math.Sqrt(Math.Log(1 / Delta) / (2 * windowSize));
            }

            Assert.Equal(drift, detector.Add(value) == StreamSignal.Drift);
            if (drift)
            {
                values.Clear();
                best = 0;
            }
        }
    }

    private static IEnumerable<double> Errors(int count, int every) => Enumerable.Range(1, count).Select(i => i % every == 0 ? 1.0 : 0.0);
}
