using System.Numerics;
using MLOps.Drift.Streams;

namespace MLOps.Drift.Tests.Streams;

public sealed class KswinTests
{
    [Fact]
    public void The_p_value_is_that_of_all_arrangements_counted_in_whole_numbers()
    {
        for (int n = 1; n <= 40; n++)
        {
            for (int steps = 0; steps <= n; steps++)
                Assert.Equal(1, Kswin.TwoSidedP(n, steps) / ExactP(n, steps), 1e-13);
        }
    }

    [Fact]
    public void The_p_value_of_many_values_neither_overflows_nor_cancels()
    {
        foreach (int steps in (int[])[1, 10, 30, 60, 100, 300, 500])
            Assert.Equal(1, Kswin.TwoSidedP(500, steps) / ExactP(500, steps), 1e-11);
    }

    [Theory]
    [InlineData(100, 30, 0.005)]
    [InlineData(20, 10, 0.05)]
    [InlineData(64, 32, 0.2)]
    [InlineData(9, 4, 0.3)]
    public void Signals_and_figures_are_those_of_sorting_both_windows_anew(int windowSize, int newestSize, double alpha)
    {
        Random random = new(windowSize);
        Kswin detector = new(alpha, windowSize, newestSize, KswinSampling.Oldest);
        List<double> window = [];
        int drifts = 0;
        for (int i = 0; i < TestLength.Of(20_000, 200_000); i++)
        {
            // Ties, both zeros and infinities among them.
            double value = random.Next(6) switch { 0 => 0.0, 1 => -0.0, 2 => random.Next(3), 3 => double.PositiveInfinity, _ => random.NextDouble() + (i / 500 % 2) };
            window.Add(value);
            if (window.Count > windowSize)
                window.RemoveAt(0);
            StreamSignal signal = detector.Add(value);
            if (window.Count < windowSize)
            {
                Assert.Equal(StreamSignal.None, signal);
                Assert.True(double.IsNaN(detector.PValue) && double.IsNaN(detector.Distance));
                continue;
            }

            double[] older = [.. window[..newestSize]], newest = [.. window[^newestSize..]];
            double distance = window.Max(at => Math.Abs(older.Count(other => other <= at) - newest.Count(other => other <= at))) / (double)newestSize;
            Assert.Equal(distance, detector.Distance);
            Assert.Equal(Kswin.TwoSidedP(newestSize, (int)Math.Round(distance * newestSize)), detector.PValue);
            Assert.Equal(detector.PValue <= alpha && distance > 0.1 ? StreamSignal.Drift : StreamSignal.None, signal);
            if (signal == StreamSignal.Drift)
            {
                drifts++;
                window = [.. newest];
            }
        }

        Assert.NotEqual(0, drifts);
    }

    [Fact]
    public void Each_older_value_is_drawn_as_often_as_the_others()
    {
        const int Rounds = 4_000, Older = 20, Newest = 10;
        Kswin detector = new(alpha: 1e-300, windowSize: Older + Newest, newestSize: Newest, seed: 5);
        for (int place = 0; place < Older; place++)
        {
            // One value of the older lies below the newest and all others above, so that D is 1 unless that one is drawn.
            int drawn = 0;
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < Older; i++)
                    detector.Add(i == place ? -1 : 1);
                for (int i = 0; i < Newest; i++)
                    detector.Add(0);
                drawn += detector.Distance < 1 ? 1 : 0;
            }

            // Half of the older are drawn; 0.04 is five standard deviations.
            Assert.Equal(0.5, drawn / (double)Rounds, 0.04);
        }
    }

    [Fact]
    public void The_same_seed_draws_the_same_and_another_seed_another()
    {
        double[] stream = EveryDetector.Stream(new Kswin(), new Random(3), 5_000);
        List<double> Figures(int seed)
        {
            Kswin detector = new(seed: seed);
            return [.. stream.Select(value =>
            {
                detector.Add(value);
                return detector.Distance;
            })];
        }

        Assert.Equal(Figures(1), Figures(1));
        Assert.NotEqual(Figures(1), Figures(2));
    }

    [Fact]
    public void After_a_drift_the_newest_values_begin_the_next_window()
    {
        Kswin detector = new(sampling: KswinSampling.Oldest);
        double[] stream = [.. Enumerable.Repeat(0.0, 200), .. Enumerable.Range(0, 200).Select(i => 1 + (i * 1e-6))];
        int at = detector.AddUntil(StreamSignal.Drift, stream);
        Assert.InRange(at, 200, 230);
        for (int i = 1; i <= 70; i++)
        {
            detector.Add(stream[at + i]);
            Assert.Equal(i < 70, double.IsNaN(detector.PValue));
        }

        Assert.Equal(70, detector.Count);
    }

    [Fact]
    public void Where_no_distance_is_rare_enough_there_is_no_drift()
    {
        Kswin detector = new(alpha: 0.001, windowSize: 10, newestSize: 4);
        Assert.Equal(-1, detector.AddUntil(StreamSignal.Drift, [.. Enumerable.Range(0, 1_000).Select(i => (double)i)]));
        Assert.Equal(1, detector.Distance);
        Assert.Equal(2.0 / 70, detector.PValue, 1e-15);
    }

    /// <summary>P(D ≥ steps/n): lattice paths from (0, 0) to (n, n) that reach a distance of <paramref name="steps"/> from the diagonal, among all.</summary>
    private static double ExactP(int n, int steps)
    {
        // inside[j] counts the paths to (i, j) that stayed nearer.
        BigInteger[] inside = new BigInteger[n + 1], all = new BigInteger[n + 1];
        for (int i = 0; i <= n; i++)
        {
            for (int j = 0; j <= n; j++)
            {
                bool origin = i == 0 && j == 0;
                all[j] = origin ? 1 : (i > 0 ? all[j] : 0) + (j > 0 ? all[j - 1] : 0);
                inside[j] = Math.Abs(i - j) >= steps ? 0 : origin ? 1 : (i > 0 ? inside[j] : 0) + (j > 0 ? inside[j - 1] : 0);
            }
        }

        return (double)(all[n] - inside[n]) / (double)all[n];
    }
}
