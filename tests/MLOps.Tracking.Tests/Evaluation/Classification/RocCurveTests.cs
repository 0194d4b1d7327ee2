using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

[Properties(Arbitrary = [typeof(AnySample)], MaxTest = 300)]
public sealed class RocCurveTests
{
    [Property]
    public void Every_point_is_what_its_threshold_gives(AnySample sample)
    {
        RocCurve curve = RocCurve.Of(sample.Labels, sample.Scores, sample.Weights);
        Assert.Equal([double.PositiveInfinity, .. BruteForce.Thresholds(sample)], curve.Thresholds);
        for (int point = 0; point < curve.Thresholds.Count; point++)
        {
            var (truePositives, falsePositives, falseNegatives, trueNegatives) = BruteForce.Counts(sample, curve.Thresholds[point]);
            Near.Equal(falsePositives / (falsePositives + trueNegatives), curve.FalsePositiveRates[point]);
            Near.Equal(truePositives / (truePositives + falseNegatives), curve.TruePositiveRates[point]);
        }
    }

    [Property]
    public void It_rises_from_zero_to_exactly_one_and_encloses_the_area(AnySample sample)
    {
        double expected = ClassificationMetrics.RocAuc(sample.Labels, sample.Scores, sample.Weights);
        if (double.IsNaN(expected))
            return;
        RocCurve curve = RocCurve.Of(sample.Labels, sample.Scores, sample.Weights);
        double area = 0;
        for (int point = 1; point < curve.Thresholds.Count; point++)
        {
            Assert.True(curve.FalsePositiveRates[point] >= curve.FalsePositiveRates[point - 1] && curve.TruePositiveRates[point] >= curve.TruePositiveRates[point - 1]);
            area += (curve.FalsePositiveRates[point] - curve.FalsePositiveRates[point - 1]) * (curve.TruePositiveRates[point] + curve.TruePositiveRates[point - 1]) / 2;
        }

        Assert.Equal((0, 0, 1, 1), (curve.FalsePositiveRates[0], curve.TruePositiveRates[0], curve.FalsePositiveRates[^1], curve.TruePositiveRates[^1]));
        Near.Equal(expected, area);
    }

    [Fact]
    public void One_class_has_no_rate_of_the_other()
    {
        RocCurve curve = RocCurve.Of([true, true], [0.3, 0.6]);
        Assert.Equal([double.NaN, double.NaN, double.NaN], curve.FalsePositiveRates);
        Assert.Equal([0, 0.5, 1], curve.TruePositiveRates);
        Assert.Equal([double.NaN], RocCurve.Of([true, false], [0.3, 0.6], [0, 0]).TruePositiveRates);
        Assert.Throws<ArgumentException>(() => RocCurve.Of([], []));
    }
}
