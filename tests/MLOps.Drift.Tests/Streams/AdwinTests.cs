using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

public sealed class AdwinTests
{
    [Theory]
    [InlineData(0.002, 32, 5, 5, 10)]
    [InlineData(0.05, 1, 5, 5, 10)]
    [InlineData(0.3, 1, 1, 1, 0)]
    [InlineData(0.1, 3, 2, 2, 5)]
    [InlineData(0.2, 7, 20, 3, 100)]
    public void Drifts_are_those_of_a_window_that_keeps_every_value(double delta, int clock, int maxBuckets, int minWindow, int gracePeriod)
    {
        Random random = new(clock);
        Adwin detector = new(delta, clock, maxBuckets, minWindow, gracePeriod);
        WholeWindow whole = new(delta, clock, maxBuckets, minWindow, gracePeriod);
        int drifts = 0;
        foreach (double value in EveryDetector.Stream(detector, random, TestLength.Of(5_000, 50_000)))
        {
            bool drift = detector.Add(value) == StreamSignal.Drift;
            Assert.Equal(whole.Add(value), drift);
            Assert.Equal(whole.Width, detector.Width);
            Assert.Equal(whole.Mean, detector.Mean, 1e-9);
            drifts += drift ? 1 : 0;
        }

        Assert.NotEqual(0, drifts);
    }

    [Fact]
    public void At_a_drift_width_and_mean_are_of_what_came_after_the_change()
    {
        Adwin detector = new();
        double[] stream = [.. Enumerable.Repeat(0.0, 1_000), .. Enumerable.Repeat(1.0, 1_000)];
        int at = detector.AddUntil(StreamSignal.Drift, stream);
        Assert.InRange(at, 1_000, 1_064);
        Assert.InRange(detector.Width, 1, 200);
        Assert.InRange(detector.Mean, 0.2, 1);
        Assert.Equal(at + 1, detector.Count);
        detector.Add(1);
        Assert.Equal((1, 1, 1), (detector.Width, detector.Mean, detector.Count));
    }

    [Theory]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(25)]
    public void A_window_is_checked_when_it_is_longer_than_the_grace_period(int gracePeriod)
    {
        Adwin detector = new(delta: 0.3, clock: 1, maxBuckets: 40, minWindow: 1, gracePeriod);
        double[] jump = [.. Enumerable.Repeat(0.0, 10), .. Enumerable.Repeat(1_000.0, 30)];
        Assert.Equal(gracePeriod, detector.AddUntil(StreamSignal.Drift, jump));
    }

    [Fact]
    public void Before_the_first_value_there_is_no_mean()
    {
        Adwin detector = new();
        Assert.Equal(0, detector.Width);
        Assert.True(double.IsNaN(detector.Mean));
    }

    [Fact]
    public void A_stable_stream_keeps_a_long_window()
    {
        Adwin detector = new();
        Random random = new(7);
        for (int i = 0; i < 1_000_000; i++)
            detector.Add(random.NextDouble());
        Assert.Equal(detector.Count, detector.Width);
        Assert.Equal(0.5, detector.Mean, 0.002);
    }

    /// <summary>The same rule by definition: all values are kept, buckets are only lengths, and sums and deviations are taken from the values each time.</summary>
    private sealed class WholeWindow(double delta, int clock, int maxBuckets, int minWindow, int gracePeriod)
    {
        private List<double> _values = [];

        // From the newest row to the oldest; how many buckets each has.
        private List<int> _rows = [0];
        private int _ticks;
        private bool _drift;

        public int Width => _values.Count;

        public double Mean => _values.Average();

        public bool Add(double value)
        {
            if (_drift)
                (_values, _rows, _ticks) = ([], [0], 0);
            _values.Add(value);
            _rows[0]++;
            for (int row = 0; _rows[row] > maxBuckets; row++)
            {
                _rows[row] -= 2;
                if (row + 1 == _rows.Count)
                    _rows.Add(0);
                _rows[row + 1]++;
            }

            _drift = false;
            if (++_ticks % clock != 0 || Width <= gracePeriod)
                return false;
            while (HasCut())
            {
                _drift = true;
                while (_rows[^1] == 0)
                    _rows.RemoveAt(_rows.Count - 1);
                _rows[^1]--;
                _values.RemoveRange(0, 1 << (_rows.Count - 1));
                while (_rows.Count > 1 && _rows[^1] == 0)
                    _rows.RemoveAt(_rows.Count - 1);
            }

            return _drift;
        }

        private bool HasCut()
        {
            double variance = Descriptive.Variance(_values.ToArray(), 0), d = Math.Log(2 * Math.Log(Width) / delta);
            int older = 0;
            for (int row = _rows.Count - 1; row >= 0; row--)
            {
                for (int bucket = 0; bucket < _rows[row]; bucket++)
                {
                    older += 1 << row;
                    int newer = Width - older;
                    if (older < minWindow || newer < minWindow)
                        continue;
                    double m = (1.0 / (older - minWindow + 1)) + (1.0 / (newer - minWindow + 1));
                    double gap = Math.Abs(_values.Take(older).Average() - _values.Skip(older).Average());
                    if (gap > Math.Sqrt(2 * m * variance * d) + (2.0 / 3 * d * m))
                        return true;
                }
            }

            return false;
        }
    }
}
