using MLOps.Tracking.Evaluation;

namespace MLOps.Drift.Tests.Statistics.ErrorEstimation;

public sealed class CalibratorTests
{
    [Fact]
    public void The_isotonic_curve_is_that_of_the_max_min_formula()
    {
        Random random = new(70);
        for (int trial = 0; trial < 200; trial++)
        {
            int n = 1 + random.Next(12);
            double[] scores = [.. Enumerable.Range(0, n).Select(_ => (double)random.Next(8))];
            bool[] labels = [.. scores.Select(score => random.Next(10) < score + 1)];
            var curve = IsotonicRegression.Fit(labels, scores);
            double[] distinct = [.. scores.Distinct().Order()];
            for (int at = 0; at < distinct.Length; at++)
            {
                double expected = Enumerable.Range(0, at + 1).Max(from => Enumerable.Range(at, distinct.Length - at).Min(to => Mean(distinct[from], distinct[to])));
                Assert.Equal(expected, curve.Level(distinct[at]), 1e-12);
            }

            double Mean(double from, double to) => scores.Zip(labels).Where(pair => pair.First >= from && pair.First <= to).Average(pair => pair.Second ? 1.0 : 0.0);
        }
    }

    [Fact]
    public void Between_two_points_the_curve_is_straight_and_beyond_them_constant()
    {
        var curve = IsotonicRegression.Fit([false, true], [1, 3]);
        Assert.Equal([0, 0, 0.25, 1, 1, 1], new[] { double.NegativeInfinity, 1, 1.5, 3, 9, double.PositiveInfinity }.Select(curve.Level));
        Assert.Equal(0.5, IsotonicRegression.Fit([false, true], [double.MinValue, double.MaxValue]).Level(0));
        Assert.Equal([0, 1], new[] { double.NegativeInfinity, -5 }.Select(IsotonicRegression.Fit([false, true], [double.NegativeInfinity, 0]).Level));
    }

    [Fact]
    public void Overconfident_scores_are_calibrated_and_honest_ones_left_alone()
    {
        Random random = new(71);
        double[] honest = [.. Enumerable.Range(0, 20_000).Select(_ => random.NextDouble())];
        bool[] labels = [.. honest.Select(score => random.NextDouble() < score)];
        double[] overconfident = [.. honest.Select(score => Math.Pow(score, 3) / (Math.Pow(score, 3) + Math.Pow(1 - score, 3)))];
        var calibrator = Calibrator.Fit(labels, overconfident);
        Assert.False(calibrator.IsIdentity);
        Assert.True(calibrator.ErrorAfter < 0.02 && calibrator.ErrorBefore > 0.1, calibrator.ToString());
        Assert.All(Enumerable.Range(1, 9), tenth =>
        {
            double score = tenth / 10.0, sharp = Math.Pow(score, 3) / (Math.Pow(score, 3) + Math.Pow(1 - score, 3));
            Assert.Equal(score, calibrator.Calibrate(sharp), 0.06);
        });
        Assert.Equal(CalibrationCurve.Quantile(labels, overconfident).ExpectedCalibrationError, calibrator.ErrorBefore);
    }

    [Fact]
    public void A_calibration_that_makes_nothing_better_is_not_taken()
    {
        // Of 0.2 exactly a fifth is positive, and of 0.8 four fifths, in each fold too: nothing is left to gain.
        double[] scores = [.. Enumerable.Range(0, 1000).Select(row => row % 10 < 5 ? 0.2 : 0.8)];
        bool[] labels = [.. scores.Select((score, row) => (row / 10 % 5 < 1) == (score == 0.2))];
        var calibrator = Calibrator.Fit(labels, scores);
        Assert.True(calibrator.IsIdentity, calibrator.ToString());
        Assert.Equal(0.37, calibrator.Calibrate(0.37));
    }

    [Fact]
    public void Margins_are_calibrated_in_any_case_and_missing_scores_stay_missing()
    {
        var calibrator = Calibrator.Fit([false, true, true, false], [-3, 2, double.NaN, -1]);
        Assert.False(calibrator.IsIdentity);
        Assert.Equal(1, calibrator.Calibrate(7));
        Assert.True(double.IsNaN(calibrator.Calibrate(double.NaN)));
        Assert.True(Calibrator.Fit([], []).IsIdentity);
        Assert.Throws<ArgumentException>(() => Calibrator.Fit([true], []));
    }

    [Fact]
    public void Calibrated_scores_never_fall() => WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (scores, asked) =>
    {
        bool[] labels = [.. scores.Select((_, row) => row % 3 == 0)];
        var calibrator = Calibrator.Fit(labels, scores);
        double[] calibrated = [.. asked.Where(score => !double.IsNaN(score)).Order().Select(calibrator.Calibrate)];
        for (int at = 0; at < calibrated.Length; at++)
        {
            Assert.True(calibrator.IsIdentity || calibrated[at] is >= 0 and <= 1);
            Assert.True(at == 0 || calibrated[at] >= calibrated[at - 1]);
        }
    });
}
