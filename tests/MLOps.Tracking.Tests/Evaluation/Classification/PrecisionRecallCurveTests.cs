using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

[Properties(Arbitrary = [typeof(AnySample)], MaxTest = 300)]
public sealed class PrecisionRecallCurveTests
{
    [Property]
    public void Every_point_is_what_its_threshold_gives(AnySample sample)
    {
        PrecisionRecallCurve curve = PrecisionRecallCurve.Of(sample.Labels, sample.Scores, sample.Weights);
        Assert.Equal([.. BruteForce.Thresholds(sample).Reverse(), double.PositiveInfinity], curve.Thresholds);
        for (int point = 0; point < curve.Thresholds.Count - 1; point++)
        {
            var (truePositives, falsePositives, falseNegatives, _) = BruteForce.Counts(sample, curve.Thresholds[point]);
            Near.Equal(truePositives / (truePositives + falsePositives), curve.Precisions[point]);
            Near.Equal(truePositives / (truePositives + falseNegatives), curve.Recalls[point]);
        }

        Assert.Equal((1, 0), (curve.Precisions[^1], curve.Recalls[^1]));
    }

    [Property]
    public void Its_steps_enclose_the_average_precision(AnySample sample)
    {
        double expected = ClassificationMetrics.AveragePrecision(sample.Labels, sample.Scores, sample.Weights);
        if (double.IsNaN(expected))
            return;
        PrecisionRecallCurve curve = PrecisionRecallCurve.Of(sample.Labels, sample.Scores, sample.Weights);
        double area = 0;
        for (int point = 0; point < curve.Thresholds.Count - 1; point++)
            area += (curve.Recalls[point] - curve.Recalls[point + 1]) * curve.Precisions[point];
        Near.Equal(expected, area);
    }

    [Fact]
    public void Without_positives_there_is_no_recall()
    {
        PrecisionRecallCurve curve = PrecisionRecallCurve.Of([false, false], [0.3, 0.6]);
        Assert.Equal([double.NaN, double.NaN, 0], curve.Recalls);
        Assert.Equal([0, 0, 1], curve.Precisions);
        Assert.Equal([1], PrecisionRecallCurve.Of([true], [0.3], [0]).Precisions);
    }
}
