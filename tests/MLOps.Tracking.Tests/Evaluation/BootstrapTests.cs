using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation;

public sealed class BootstrapTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_interval_of_a_mean_is_about_the_estimate_plus_or_minus_two_standard_errors()
    {
        double[] values = [.. Enumerable.Range(0, 401).Select(i => i - 200.0)];
        BootstrapInterval interval = Bootstrap.Interval(values.Length, weights => Mean(values, weights), new Random(1), resamples: TestLength.Of(2_000, 50_000), cancellationToken: Cancellation);
        double standardError = Math.Sqrt(values.Sum(value => value * value) / values.Length / values.Length);
        Assert.Equal(0, interval.Estimate);
        Assert.InRange(interval.Lower, -1.96 * standardError * 1.15, -1.96 * standardError * 0.85);
        Assert.InRange(interval.Upper, 1.96 * standardError * 0.85, 1.96 * standardError * 1.15);
        Assert.Equal((0, 0.95), (interval.Skipped, interval.ConfidenceLevel));
    }

    [Fact]
    public void The_interval_holds_the_estimate_and_a_higher_level_is_wider()
    {
        BootstrapInterval narrow = Auc(0.8), wide = Auc(0.99);
        Assert.True(wide.Lower < narrow.Lower && narrow.Lower < narrow.Estimate && narrow.Estimate < narrow.Upper && narrow.Upper < wide.Upper, $"{narrow} {wide}");
        Assert.Equal(ClassificationMetrics.RocAuc(SklearnSample.Labels, SklearnSample.Probabilities), narrow.Estimate);

        static BootstrapInterval Auc(double level) =>
            Bootstrap.Interval(40, weights => ClassificationMetrics.RocAuc(SklearnSample.Labels, SklearnSample.Probabilities, weights), new Random(3), level, resamples: 500, cancellationToken: Cancellation);
    }

    [Fact]
    public void The_same_seed_gives_the_same_interval_and_weights_say_the_same_as_row_numbers()
    {
        double[] values = [3, 1, 4, 1, 5, 9, 2, 6];
        BootstrapInterval first = Bootstrap.Interval(8, weights => Mean(values, weights), new Random(5), cancellationToken: Cancellation), again = Bootstrap.Interval(8, weights => Mean(values, weights), new Random(5), cancellationToken: Cancellation);
        BootstrapInterval byRows = Bootstrap.IntervalByRows(
            8,
            rows =>
            {
                double sum = 0;
                foreach (int row in rows)
                    sum += values[row];
                return sum / rows.Length;
            },
            new Random(5),
            cancellationToken: Cancellation);
        Assert.Equal(first, again);
        Assert.Equal(first, byRows);
    }

    [Fact]
    public void The_ends_are_interpolated_quantiles()
    {
        // The metric counts its calls: the estimate is 0, the resamples 1 to 101, whose 5 % and 95 % quantiles are 6 and 96.
        int call = 0;
        BootstrapInterval interval = Bootstrap.IntervalByRows(3, _ => call++, new Random(1), 0.9, 101, cancellationToken: Cancellation);
        Assert.Equal(0, interval.Estimate);
        Near.Equal(6, interval.Lower);
        Near.Equal(96, interval.Upper);
        call = 0;
        Near.Equal(1.25, Bootstrap.IntervalByRows(3, _ => call++, new Random(1), 0.5, 2, cancellationToken: Cancellation).Lower);
    }

    [Fact]
    public void A_weight_goes_with_its_row()
    {
        double[] own = [0.5, 2, 4];
        Bootstrap.Interval(
            3,
            weights =>
            {
                for (int row = 0; row < 3; row++)
                    Assert.Equal(0, weights[row] % own[row]);
                Assert.Equal(3, (weights[0] / 0.5) + (weights[1] / 2) + (weights[2] / 4));
                return 1;
            },
            new Random(2),
            resamples: 50,
            weights: own,
            cancellationToken: Cancellation);
    }

    [Fact]
    public void A_paired_difference_sees_both_models_on_the_same_draw()
    {
        double[] values = [.. Enumerable.Range(0, 50).Select(i => i * 3.7 % 11)], better = [.. values.Select(value => value + 1)];
        BootstrapInterval interval = Bootstrap.Difference(50, weights => Mean(better, weights), weights => Mean(values, weights), new Random(4), resamples: 200, cancellationToken: Cancellation);
        // Every row is better by one, so every draw is: paired, chance has nothing to say.
        Near.Equal([1, 1, 1], [interval.Estimate, interval.Lower, interval.Upper]);
    }

    [Fact]
    public void Draws_of_one_class_are_skipped_and_counted()
    {
        bool[] labels = [true, false, false];
        double[] scores = [0.9, 0.2, 0.4];
        BootstrapInterval interval = Bootstrap.Interval(3, weights => ClassificationMetrics.RocAuc(labels, scores, weights), new Random(6), resamples: 2_000, cancellationToken: Cancellation);
        // A draw of three is of one class with chance (2/3)³ + (1/3)³ = 1/3.
        Assert.InRange(interval.Skipped, 600, 735);
        Assert.Equal((2_000, 1, 1), (interval.Resamples, interval.Lower, interval.Upper));

        BootstrapInterval undefined = Bootstrap.Interval(2, weights => ClassificationMetrics.RocAuc([true, true], [0.1, 0.2], weights), new Random(6), resamples: 10, cancellationToken: Cancellation);
        Assert.Equal((10, double.NaN, double.NaN, double.NaN), (undefined.Skipped, undefined.Estimate, undefined.Lower, undefined.Upper));
    }

    [Fact]
    public void Infinite_values_take_part()
    {
        BootstrapInterval interval = Bootstrap.IntervalByRows(3, _ => double.NegativeInfinity, new Random(1), resamples: 10, cancellationToken: Cancellation);
        Assert.Equal((double.NegativeInfinity, double.NegativeInfinity, 0), (interval.Lower, interval.Upper, interval.Skipped));
    }

    [Fact]
    public void It_can_be_cancelled_between_resamples()
    {
        using var cancel = new CancellationTokenSource();
        int calls = 0;
        Assert.Throws<OperationCanceledException>(() => Bootstrap.IntervalByRows(
            3,
            _ =>
            {
                if (++calls == 5)
                    cancel.Cancel();
                return 1;
            },
            new Random(1),
            cancellationToken: cancel.Token));
        Assert.Equal(5, calls);
    }

    [Fact]
    public void Misuse_is_told()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Interval(0, _ => 1, new Random(1), cancellationToken: Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Interval(3, _ => 1, new Random(1), confidenceLevel: 1, cancellationToken: Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Interval(3, _ => 1, new Random(1), confidenceLevel: double.NaN, cancellationToken: Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Interval(3, _ => 1, new Random(1), resamples: 0, cancellationToken: Cancellation));
        Assert.Contains("weights has 2", Assert.Throws<ArgumentException>(() => Bootstrap.Interval(3, _ => 1, new Random(1), weights: [1, 1], cancellationToken: Cancellation)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Bootstrap.Interval(2, _ => 1, new Random(1), weights: [1, -1], cancellationToken: Cancellation));
        Assert.Throws<ArgumentNullException>(() => Bootstrap.Interval(2, null!, new Random(1), cancellationToken: Cancellation));
        Assert.Throws<ArgumentNullException>(() => Bootstrap.Interval(2, _ => 1, null!, cancellationToken: Cancellation));
    }

    private static double Mean(double[] values, ReadOnlySpan<double> weights)
    {
        double sum = 0, total = 0;
        for (int row = 0; row < values.Length; row++)
            (sum, total) = (sum + (weights[row] * values[row]), total + weights[row]);
        return sum / total;
    }
}
