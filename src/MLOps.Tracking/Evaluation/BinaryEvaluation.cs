using System.Globalization;
using MLOps.Tracking.Evaluation.Plots;

namespace MLOps.Tracking.Evaluation;

/// <summary>The evaluation of a classifier of two classes.</summary>
internal sealed class BinaryEvaluation : ModelEvaluation
{
    private readonly (double X, double Y)[] _roc;
    private readonly (double X, double Y)[] _precisionRecall;
    private readonly CalibrationCurve _calibration;
    private readonly ConfusionMatrix _confusion;
    private readonly object?[][] _thresholds;
    private readonly double _positiveRate;

    private BinaryEvaluation(Dictionary<string, double> metrics, RocCurve roc, PrecisionRecallCurve precisionRecall, CalibrationCurve calibration, ConfusionMatrix confusion)
        : base(metrics)
    {
        (_calibration, _confusion) = (calibration, confusion);
        _positiveRate = confusion.Support(1) / confusion.Weight;
        double[] x = [.. roc.FalsePositiveRates], y = [.. roc.TruePositiveRates];
        int[] kept = Simplification.Keep(x, y, Chart.MostVertices, Chart.Tolerance);
        _roc = [.. kept.Select(vertex => (x[vertex], y[vertex]))];
        _precisionRecall = Steps(precisionRecall);
        _thresholds = Thresholds(roc, precisionRecall, kept);
    }

    internal override string Kind => "binary";

    internal override IEnumerable<(string Name, string[] Columns, IEnumerable<IReadOnlyList<object?>> Rows)> Tables =>
    [
        ("thresholds", ["threshold", "false_positive_rate", "true_positive_rate", "precision", "f1"], _thresholds),
        ("calibration", ["lower", "upper", "rows", "weight", "mean_prediction", "positive_rate"],
            _calibration.Bins.Select(bin => new object?[] { bin.Lower, bin.Upper, bin.Rows, bin.Weight, bin.MeanPrediction, bin.PositiveRate })),
        ConfusionTable(_confusion),
    ];

    public static BinaryEvaluation Of(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, double threshold, ReadOnlySpan<double> weights)
    {
        RowChecks.NotEmpty(labels.Length, nameof(labels));
        var counts = new BinaryAccumulator(threshold);
        counts.Add(labels, probabilities, weights);
        var confusion = new ConfusionMatrix(["negative", "positive"]);
        confusion.Add(1, 1, counts.TruePositives);
        confusion.Add(0, 1, counts.FalsePositives);
        confusion.Add(1, 0, counts.FalseNegatives);
        confusion.Add(0, 0, counts.TrueNegatives);
        CalibrationCurve calibration = CalibrationCurve.Uniform(labels, probabilities, weights: weights);
        using var ranked = new RankedScores(labels, probabilities, weights);
        Dictionary<string, double> metrics = new(StringComparer.Ordinal)
        {
            ["example_count"] = labels.Length,
            ["accuracy_score"] = counts.Accuracy,
            ["precision_score"] = counts.Precision,
            ["recall_score"] = counts.Recall,
            ["f1_score"] = counts.F1,
            ["true_positives"] = counts.TruePositives,
            ["false_positives"] = counts.FalsePositives,
            ["false_negatives"] = counts.FalseNegatives,
            ["true_negatives"] = counts.TrueNegatives,
            ["roc_auc"] = ClassificationMetrics.RocAuc(ranked),
            ["precision_recall_auc"] = ClassificationMetrics.AveragePrecision(ranked),
            ["log_loss"] = counts.LogLoss,
            ["brier_score"] = counts.BrierScore,
            ["expected_calibration_error"] = calibration.ExpectedCalibrationError,
        };
        return new BinaryEvaluation(metrics, RocCurve.Of(ranked), PrecisionRecallCurve.Of(ranked), calibration, confusion);
    }

    internal override IEnumerable<(string File, byte[] Svg)> Plots(string name) =>
        [("roc", Roc(name)), ("precision_recall", PrecisionRecall(name)), ("calibration", Calibration(name)), ("confusion", ConfusionPlot.Draw($"Confusion matrix — {name}", _confusion))];

    /// <summary>The curve as the steps that average precision sums: the precision of a point holds from the recall before it to its own.</summary>
    private static (double X, double Y)[] Steps(PrecisionRecallCurve curve)
    {
        int points = curve.Thresholds.Count;
        if (points < 2 || double.IsNaN(curve.Recalls[0]))
            return [];
        double[] x = new double[2 * (points - 1)], y = new double[2 * (points - 1)];
        for (int step = 0; step < points - 1; step++)
        {
            int point = points - 2 - step;
            (x[2 * step], y[2 * step]) = (curve.Recalls[point + 1], curve.Precisions[point]);
            (x[(2 * step) + 1], y[(2 * step) + 1]) = (curve.Recalls[point], curve.Precisions[point]);
        }

        return [.. Simplification.Keep(x, y, Chart.MostVertices, Chart.Tolerance).Select(vertex => (x[vertex], y[vertex]))];
    }

    /// <summary>The thresholds at which one of the curves turns.</summary>
    private static object?[][] Thresholds(RocCurve roc, PrecisionRecallCurve precisionRecall, int[] keptOfRoc)
    {
        double[] recalls = [.. precisionRecall.Recalls], precisions = [.. precisionRecall.Precisions];
        int last = roc.Thresholds.Count - 1;
        SortedSet<int> points = [.. keptOfRoc];
        points.UnionWith(Simplification.Keep(recalls, precisions, Chart.MostVertices, Chart.Tolerance).Select(point => last - point));
        return
        [
            .. points.Select(point =>
            {
                double recall = roc.TruePositiveRates[point], precision = precisions[last - point];
                double f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
                return new object?[] { roc.Thresholds[point], roc.FalsePositiveRates[point], recall, precision, f1 };
            }),
        ];
    }

    private static string Metric(string name, double value) => string.Create(CultureInfo.InvariantCulture, $"{name} {value:0.####}");

    private byte[] Roc(string name)
    {
        var chart = new Chart($"ROC curve — {name}", Metric("AUC", Metrics["roc_auc"]), Chart.Share("False positive rate"), Chart.Share("True positive rate"));
        if (double.IsNaN(Metrics["roc_auc"]))
        {
            chart.Note("undefined: the rows are of one class");
            return chart.ToUtf8();
        }

        chart.Reference(0, 0, 1, 1);
        chart.Curve(_roc);
        return chart.ToUtf8();
    }

    private byte[] PrecisionRecall(string name)
    {
        var chart = new Chart($"Precision–recall curve — {name}", Metric("average precision", Metrics["precision_recall_auc"]), Chart.Share("Recall"), Chart.Share("Precision"));
        if (_precisionRecall.Length == 0)
        {
            chart.Note("undefined: no row is positive");
            return chart.ToUtf8();
        }

        chart.Reference(0, _positiveRate, 1, _positiveRate);
        chart.Curve(_precisionRecall);
        return chart.ToUtf8();
    }

    private byte[] Calibration(string name)
    {
        var chart = new Chart($"Calibration — {name}", Metric("expected calibration error", Metrics["expected_calibration_error"]), Chart.Share("Mean predicted probability"), Chart.Share("Share of positive rows"));
        chart.Reference(0, 0, 1, 1);
        chart.Curve(_calibration.Bins.Select(bin => (bin.MeanPrediction, bin.PositiveRate)));
        double heaviest = _calibration.Bins.Select(bin => bin.Weight).DefaultIfEmpty(0).Max();
        foreach (CalibrationCurve.Bin bin in _calibration.Bins)
            chart.Point(bin.MeanPrediction, bin.PositiveRate, 2.5 + (5 * Math.Sqrt(bin.Weight / heaviest)), tooltip: string.Create(CultureInfo.InvariantCulture, $"{bin.Lower:0.##} to {bin.Upper:0.##}: {bin.Rows} rows"));
        return chart.ToUtf8();
    }
}
