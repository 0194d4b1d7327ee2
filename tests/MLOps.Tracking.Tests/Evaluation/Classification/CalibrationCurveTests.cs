using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

[Properties(Arbitrary = [typeof(AnySample)], MaxTest = 300)]
public sealed class CalibrationCurveTests
{
    [Property]
    public void Uniform_bins_hold_the_rows_above_their_lower_edge_up_to_their_upper_one(AnySample sample, byte number)
    {
        int bins = 1 + (number % 20);
        CalibrationCurve curve = CalibrationCurve.Uniform(sample.Labels, sample.Scores, bins, sample.Weights);
        var expected = sample.Rows
            .GroupBy(row => Enumerable.Range(0, bins).First(bin => row.Score <= (double)(bin + 1) / bins))
            .OrderBy(group => group.Key)
            .Select(group => (
                Lower: (double)group.Key / bins, Rows: group.LongCount(), Weight: group.Sum(row => row.Weight),
                Mean: group.Sum(row => row.Weight * row.Score) / group.Sum(row => row.Weight),
                Rate: group.Where(row => row.Label).Sum(row => row.Weight) / group.Sum(row => row.Weight)))
            .ToArray();

        Assert.Equal(expected.Select(bin => (bin.Lower, bin.Rows)), curve.Bins.Select(bin => (bin.Lower, bin.Rows)));
        Near.Equal([.. expected.Select(bin => bin.Weight)], [.. curve.Bins.Select(bin => bin.Weight)]);
        Near.Equal([.. expected.Select(bin => bin.Mean)], [.. curve.Bins.Select(bin => bin.MeanPrediction)]);
        Near.Equal([.. expected.Select(bin => bin.Rate)], [.. curve.Bins.Select(bin => bin.PositiveRate)]);
        Near.Equal(expected.Sum(bin => bin.Weight * Math.Abs(bin.Rate - bin.Mean)) / expected.Sum(bin => bin.Weight), curve.ExpectedCalibrationError);
    }

    [Property]
    public void Quantile_bins_hold_every_row_once_and_about_as_much_of_the_weight(AnySample sample, byte number)
    {
        int bins = 1 + (number % 8);
        double[] distinct = [.. sample.Scores.Select((score, row) => (score / 2) + (row / 200.0))];
        CalibrationCurve curve = CalibrationCurve.Quantile(sample.Labels, distinct, bins, sample.Weights);
        Assert.Equal(sample.Rows.LongCount(), curve.Bins.Sum(bin => bin.Rows));
        double heaviest = sample.Weights.Max(), share = sample.Weights.Sum() / bins;
        foreach (CalibrationCurve.Bin bin in curve.Bins)
            Assert.True(bin.Weight <= share + (2 * heaviest) + 1e-9, $"{bin} has more than its share of {share}");
    }

    [Property]
    public void A_weight_of_two_is_the_row_twice(AnySample sample)
    {
        AnySample repeated = sample.Repeated();
        if (repeated.Labels.Length == 0)
            return;
        CalibrationCurve weighted = CalibrationCurve.Quantile(sample.Labels, sample.Scores, 4, sample.WholeWeights), twice = CalibrationCurve.Quantile(repeated.Labels, repeated.Scores, 4, repeated.Weights);
        Assert.Equal(twice.Bins.Select(bin => (bin.Upper, bin.Weight)), weighted.Bins.Select(bin => (bin.Upper, bin.Weight)));
        Near.Equal(twice.ExpectedCalibrationError, weighted.ExpectedCalibrationError);
    }

    [Fact]
    public void Quantile_edges_are_interpolated_between_rows()
    {
        // Positions of the quartiles of 0, .1, … .6 (n = 7): 1.5, 3, 4.5.
        double[] probabilities = [0.6, 0, 0.1, 0.3, 0.2, 0.5, 0.4];
        CalibrationCurve curve = CalibrationCurve.Quantile([true, false, false, true, false, true, true], probabilities, 4);
        Near.Equal([0, 0.15, 0.3, 0.45], [.. curve.Bins.Select(bin => bin.Lower)]);
        Assert.Equal([2, 2, 1, 2], curve.Bins.Select(bin => bin.Rows));
    }

    [Fact]
    public void Rows_of_one_probability_are_one_bin()
    {
        CalibrationCurve.Bin bin = Assert.Single(CalibrationCurve.Quantile([true, false, true, true], [0.7, 0.7, 0.7, 0.7], 5).Bins);
        Assert.Equal((4, 0.75), (bin.Rows, bin.PositiveRate));
        Near.Equal(0.7, bin.MeanPrediction);
    }

    [Fact]
    public void Both_ends_belong_to_bins()
    {
        CalibrationCurve curve = CalibrationCurve.Uniform([false, true], [0, 1], 4);
        Assert.Equal([(0, 0.25, 0.0), (0.75, 1, 1.0)], curve.Bins.Select(bin => (bin.Lower, bin.Upper, bin.PositiveRate)));
        Assert.Equal(0, curve.ExpectedCalibrationError);
    }

    [Fact]
    public void No_weight_has_no_bins_and_misuse_is_told()
    {
        CalibrationCurve none = CalibrationCurve.Quantile([true, false], [0.2, 0.4], 3, [0, 0]);
        Assert.Empty(none.Bins);
        Assert.Equal(double.NaN, none.ExpectedCalibrationError);
        Assert.Throws<ArgumentOutOfRangeException>(() => CalibrationCurve.Uniform([true], [0.5], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => CalibrationCurve.Quantile([true], [0.5], 10_001));
        Assert.Throws<ArgumentException>(() => CalibrationCurve.Quantile([true], [1.1]));
        Assert.Throws<ArgumentException>(() => CalibrationCurve.Uniform([], []));
    }
}
