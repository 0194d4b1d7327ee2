using MLOps.Tracking.Evaluation;
using static MLOps.Tracking.Tests.Evaluation.SklearnSample;

namespace MLOps.Tracking.Tests.Evaluation;

/// <summary>What scikit-learn 1.2.1 says of the sample, to all digits that it prints; made by sklearn_reference.py.</summary>
public sealed class SklearnTests
{
    [Fact]
    public void Binary_metrics_are_those_of_sklearn()
    {
        Near.Equal(0.65, ClassificationMetrics.Accuracy(Labels, Probabilities));
        Near.Equal(0.5625, ClassificationMetrics.Precision(Labels, Probabilities));
        Near.Equal(0.5625, ClassificationMetrics.Recall(Labels, Probabilities));
        Near.Equal(0.5625, ClassificationMetrics.F1(Labels, Probabilities));
        Near.Equal(0.5625, ClassificationMetrics.FBeta(Labels, Probabilities, 2));
        Near.Equal(0.7578125, ClassificationMetrics.RocAuc(Labels, Probabilities));
        Near.Equal(0.717910863291298, ClassificationMetrics.AveragePrecision(Labels, Probabilities));
        Near.Equal(0.540829268405356, ClassificationMetrics.LogLoss(Labels, Probabilities));
        Near.Equal(0.1865775, ClassificationMetrics.BrierScore(Labels, Probabilities));
    }

    [Fact]
    public void Weighted_binary_metrics_are_those_of_sklearn()
    {
        Near.Equal(0.6518518518518519, ClassificationMetrics.Accuracy(Labels, Probabilities, weights: Weights));
        Near.Equal(0.5181818181818182, ClassificationMetrics.Precision(Labels, Probabilities, weights: Weights));
        Near.Equal(0.5816326530612245, ClassificationMetrics.Recall(Labels, Probabilities, weights: Weights));
        Near.Equal(0.548076923076923, ClassificationMetrics.F1(Labels, Probabilities, weights: Weights));
        Near.Equal(0.5677290836653386, ClassificationMetrics.FBeta(Labels, Probabilities, 2, weights: Weights));
        Near.Equal(0.7905196962505933, ClassificationMetrics.RocAuc(Labels, Probabilities, Weights));
        Near.Equal(0.7301079493847985, ClassificationMetrics.AveragePrecision(Labels, Probabilities, Weights));
        Near.Equal(0.5157912809427234, ClassificationMetrics.LogLoss(Labels, Probabilities, Weights));
        Near.Equal(0.1753514814814815, ClassificationMetrics.BrierScore(Labels, Probabilities, Weights));
    }

    [Fact]
    public void Multiclass_metrics_are_those_of_sklearn()
    {
        var matrix = new ConfusionMatrix(4);
        matrix.Add(Actual, Predicted);
        Near.Equal(1.5726039191119772, ClassificationMetrics.LogLoss(Actual, ClassProbabilities, 4));
        Near.Equal([0.265625, 0.2600732600732601, 0.2571428571428571], All(matrix, Averaging.Macro));
        Near.Equal([0.275, 0.275, 0.275], All(matrix, Averaging.Micro));
        Near.Equal([0.29375, 0.275, 0.2776190476190476], All(matrix, Averaging.Weighted));
        Near.Equal([0.3125, 0.25, 0.375, 0.125], [.. Enumerable.Range(0, 4).Select(number => matrix.Precision(number))]);
        Near.Equal([0.35714285714285715, 0.2857142857142857, 0.23076923076923078, 0.16666666666666666], [.. Enumerable.Range(0, 4).Select(number => matrix.Recall(number))]);
        Near.Equal([0.3333333333333333, 0.26666666666666666, 0.2857142857142857, 0.14285714285714288], [.. Enumerable.Range(0, 4).Select(number => matrix.F1(number))]);
        Assert.Equal([14, 7, 13, 6], Enumerable.Range(0, 4).Select(matrix.Support));
    }

    [Fact]
    public void Weighted_multiclass_metrics_are_those_of_sklearn()
    {
        var matrix = new ConfusionMatrix(4);
        matrix.Add(Actual, Predicted, Weights);
        Near.Equal(1.4890721418158224, ClassificationMetrics.LogLoss(Actual, ClassProbabilities, 4, Weights));
        Near.Equal([0.26513532763532766, 0.23656898656898656, 0.2380585224448812], All(matrix, Averaging.Macro));
        Near.Equal([0.24074074074074073, 0.24074074074074073, 0.24074074074074073], All(matrix, Averaging.Micro));
        Near.Equal([0.3115780310224755, 0.24074074074074073, 0.25782629121271033], All(matrix, Averaging.Weighted));
        Near.Equal([0.16129032258064516, 0.27722772277227725, 0.3647798742138365, 0.14893617021276595], [.. Enumerable.Range(0, 4).Select(number => matrix.F1(number))]);
        Assert.Equal([19.5, 11.25, 26.25, 10.5], Enumerable.Range(0, 4).Select(matrix.Support));
    }

    [Fact]
    public void Regression_metrics_are_those_of_sklearn()
    {
        Near.Equal(6.184209175000013, RegressionMetrics.MeanSquaredError(Targets, Predictions));
        Near.Equal(Math.Sqrt(6.184209175000013), RegressionMetrics.RootMeanSquaredError(Targets, Predictions));
        Near.Equal(2.097375000000002, RegressionMetrics.MeanAbsoluteError(Targets, Predictions));
        Near.Equal(0.9650198085005788, RegressionMetrics.RSquared(Targets, Predictions));
        Near.Equal(0.26711750000000045, RegressionMetrics.PinballLoss(Targets, Predictions, 0.9));
        Near.Equal(6.31877504814816, RegressionMetrics.MeanSquaredError(Targets, Predictions, Weights));
        Near.Equal(2.2327518518518543, RegressionMetrics.MeanAbsoluteError(Targets, Predictions, Weights));
        Near.Equal(0.9715490495787725, RegressionMetrics.RSquared(Targets, Predictions, Weights));
        Near.Equal(0.26624111111111143, RegressionMetrics.PinballLoss(Targets, Predictions, 0.9, Weights));
    }

    [Fact]
    public void Calibration_curves_are_those_of_sklearn()
    {
        CalibrationCurve uniform = CalibrationCurve.Uniform(Labels, Probabilities, 5), quantile = CalibrationCurve.Quantile(Labels, Probabilities, 5);
        Near.Equal([0.0, 0.3333333333333333, 0.4166666666666667, 0.5555555555555556, 1.0], [.. uniform.Bins.Select(bin => bin.PositiveRate)]);
        Near.Equal([0.10857142857142858, 0.2833333333333334, 0.4875, 0.6744444444444444, 0.8666666666666667], [.. uniform.Bins.Select(bin => bin.MeanPrediction)]);
        Near.Equal([0.1111111111111111, 0.2857142857142857, 0.5, 0.375, 0.75], [.. quantile.Bins.Select(bin => bin.PositiveRate)]);
        Near.Equal([0.14, 0.29285714285714287, 0.45375000000000004, 0.5924999999999999, 0.76875], [.. quantile.Bins.Select(bin => bin.MeanPrediction)]);
    }

    [Fact]
    public void Curves_are_those_of_sklearn()
    {
        RocCurve roc = RocCurve.Of(Labels.AsSpan(0, 8), Probabilities.AsSpan(0, 8));
        Near.Equal([0.0, 0.0, 0.0, 0.2, 0.4, 0.6, 0.6, 0.8, 1.0], roc.FalsePositiveRates);
        Near.Equal([0.0, 1 / 3.0, 2 / 3.0, 2 / 3.0, 2 / 3.0, 2 / 3.0, 1.0, 1.0, 1.0], roc.TruePositiveRates);
        // The first threshold is infinite since scikit-learn 1.3.
        Near.Equal([double.PositiveInfinity, 0.83, 0.65, 0.51, 0.33, 0.26, 0.25, 0.14, 0.07], roc.Thresholds);
        PrecisionRecallCurve curve = PrecisionRecallCurve.Of(Labels.AsSpan(0, 8), Probabilities.AsSpan(0, 8));
        Near.Equal([0.375, 0.42857142857142855, 0.5, 0.4, 0.5, 0.6666666666666666, 1.0, 1.0, 1.0], curve.Precisions);
        Near.Equal([1.0, 1.0, 1.0, 2 / 3.0, 2 / 3.0, 2 / 3.0, 2 / 3.0, 1 / 3.0, 0.0], curve.Recalls);
        Near.Equal([0.07, 0.14, 0.25, 0.26, 0.33, 0.51, 0.65, 0.83, double.PositiveInfinity], curve.Thresholds);
    }

    private static double[] All(ConfusionMatrix matrix, Averaging averaging) => [matrix.Precision(averaging), matrix.Recall(averaging), matrix.F1(averaging)];
}
