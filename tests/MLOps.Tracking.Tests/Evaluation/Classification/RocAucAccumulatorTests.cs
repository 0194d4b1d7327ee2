using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

[Properties(Arbitrary = [typeof(AnySample)], MaxTest = 300)]
public sealed class RocAucAccumulatorTests
{
    [Property]
    public void The_exact_area_lies_within_the_bound(AnySample sample, byte number)
    {
        var accumulator = new RocAucAccumulator(1 + (number % 40));
        accumulator.Add(sample.Labels, sample.Scores, sample.Weights);
        double exact = BruteForce.RocAuc(sample);
        Assert.Equal(double.IsNaN(exact), double.IsNaN(accumulator.RocAuc));
        Assert.Equal(double.IsNaN(exact), double.IsNaN(accumulator.ErrorBound));
        if (!double.IsNaN(exact))
            Assert.InRange(exact, accumulator.RocAuc - accumulator.ErrorBound - 1e-12, accumulator.RocAuc + accumulator.ErrorBound + 1e-12);
    }

    [Property]
    public void It_is_the_exact_area_of_the_probabilities_rounded_to_bins(AnySample sample)
    {
        var accumulator = new RocAucAccumulator(16);
        for (int row = 0; row < sample.Labels.Length; row++)
            accumulator.Add(sample.Labels[row], sample.Scores[row], sample.Weights[row]);
        double[] binned = [.. sample.Scores.Select(score => Math.Min(15, Math.Floor(score * 16)))];
        Near.Equal(BruteForce.RocAuc(sample with { Scores = binned }), accumulator.RocAuc);
    }

    [Property]
    public void Merging_is_associative_and_the_same_as_one_stream(AnySample first, AnySample second, AnySample third)
    {
        RocAucAccumulator whole = Of(first, second, third), left = Of(first, second), right = Of(second, third), grouped = Of(first);
        left.Merge(Of(third));
        grouped.Merge(right);
        Near.Equal([whole.Rows, whole.RocAuc, whole.ErrorBound], [left.Rows, left.RocAuc, left.ErrorBound]);
        Near.Equal([whole.Rows, whole.RocAuc, whole.ErrorBound], [grouped.Rows, grouped.RocAuc, grouped.ErrorBound]);
    }

    [Fact]
    public void By_default_it_has_three_digits_of_a_smooth_model()
    {
        var random = new Random(7);
        bool[] labels = new bool[TestLength.Of(20_000, 1_000_000)];
        double[] probabilities = new double[labels.Length];
        for (int row = 0; row < labels.Length; row++)
        {
            probabilities[row] = random.NextDouble();
            labels[row] = random.NextDouble() < probabilities[row];
        }

        var accumulator = new RocAucAccumulator();
        accumulator.Add(labels, probabilities);
        double exact = ClassificationMetrics.RocAuc(labels, probabilities);
        Assert.InRange(accumulator.ErrorBound, 0, 2.0 / 4096);
        Assert.InRange(exact, accumulator.RocAuc - accumulator.ErrorBound, accumulator.RocAuc + accumulator.ErrorBound);
    }

    [Fact]
    public void Huge_and_tiny_weights_do_not_overflow_or_vanish()
    {
        foreach (double unit in new[] { 1e-200, 1e200 })
        {
            var accumulator = new RocAucAccumulator();
            accumulator.Add([true, false, true, false], [0.9, 0.8, 0.7, 0.1], [unit, unit, unit, unit]);
            Near.Equal(0.75, accumulator.RocAuc);
        }
    }

    [Fact]
    public void One_class_is_undefined_and_a_reset_forgets()
    {
        var accumulator = new RocAucAccumulator(8);
        accumulator.Add([], []);
        Assert.Equal(double.NaN, accumulator.RocAuc);
        accumulator.Add(true, 1);
        accumulator.Add(true, 0);
        Assert.Equal(double.NaN, accumulator.ErrorBound);
        accumulator.Add(false, 0.5);
        Assert.Equal((0.5, 0), (accumulator.RocAuc, accumulator.ErrorBound));
        accumulator.Reset();
        Assert.Equal((0, double.NaN), (accumulator.Rows, accumulator.RocAuc));
    }

    [Fact]
    public void Misuse_is_told()
    {
        var accumulator = new RocAucAccumulator(8);
        Assert.Throws<ArgumentException>(() => accumulator.Add(true, 1.01));
        Assert.Throws<ArgumentException>(() => accumulator.Add([true, true], [0.5, double.NaN]));
        Assert.Throws<ArgumentException>(() => accumulator.Merge(new RocAucAccumulator(16)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RocAucAccumulator(0));
        Assert.Equal(0, accumulator.Rows);
    }

    private static RocAucAccumulator Of(params AnySample[] samples)
    {
        var accumulator = new RocAucAccumulator(64);
        foreach (AnySample sample in samples)
            accumulator.Add(sample.Labels, sample.Scores, sample.Weights);
        return accumulator;
    }
}
