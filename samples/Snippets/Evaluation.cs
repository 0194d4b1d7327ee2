using MLOps.Tracking;
using MLOps.Tracking.Evaluation;

namespace Snippets;

internal static class Evaluation
{
    public static async Task LogAsync(Tracker tracker)
    {
        await using Run run = await tracker.StartRunAsync("churn");
        // <log-evaluation>
        bool[] churned = [true, false, true, true, false, false, true, false];
        double[] probabilities = [0.92, 0.15, 0.71, 0.44, 0.58, 0.08, 0.83, 0.31];

        ModelEvaluation evaluation = ModelEvaluation.Binary(churned, probabilities);
        Console.WriteLine($"ROC AUC {evaluation.Metrics["roc_auc"]}");
        await run.LogEvaluationAsync("held-out", evaluation, prefix: "validation/");
        // </log-evaluation>

        // <evaluate-others>
        var matrix = new ConfusionMatrix(["cat", "dog", "bird"]);
        matrix.Add(actual: [0, 0, 1, 2, 2], predicted: [0, 1, 1, 2, 0]);
        await run.LogEvaluationAsync("animals", ModelEvaluation.Multiclass(matrix), prefix: "animals/");
        Console.WriteLine($"macro F1 {matrix.F1(Averaging.Macro)}, recall of birds {matrix.Recall(2)}");

        double[] paid = [120, 80, 45, 200], forecast = [110, 95, 40, 180];
        await run.LogEvaluationAsync("revenue", ModelEvaluation.Regression(paid, forecast), prefix: "revenue/");
        // </evaluate-others>

        // <metric-functions>
        double[] weights = [1, 1, 2, 1, 1, 3, 1, 1];
        double auc = ClassificationMetrics.RocAuc(churned, probabilities, weights);
        double f1 = ClassificationMetrics.F1(churned, probabilities, threshold: 0.4);
        double pinball = RegressionMetrics.PinballLoss(paid, forecast, quantile: 0.9);
        RocCurve curve = RocCurve.Of(churned, probabilities);
        CalibrationCurve calibration = CalibrationCurve.Quantile(churned, probabilities, bins: 4);
        // </metric-functions>
        Console.WriteLine($"{auc} {f1} {pinball} {curve.Thresholds.Count} {calibration.ExpectedCalibrationError}");

        // <bootstrap>
        BootstrapInterval interval = Bootstrap.Interval(
            churned.Length, drawn => ClassificationMetrics.RocAuc(churned, probabilities, drawn), new Random(42));
        Console.WriteLine($"ROC AUC {interval.Estimate}, 95 % of draws from {interval.Lower} to {interval.Upper}, {interval.Skipped} of one class");

        double[] baseline = [0.61, 0.22, 0.35, 0.48, 0.52, 0.10, 0.77, 0.65];
        BootstrapInterval better = Bootstrap.Difference(
            churned.Length,
            drawn => ClassificationMetrics.RocAuc(churned, probabilities, drawn),
            drawn => ClassificationMetrics.RocAuc(churned, baseline, drawn),
            new Random(42));
        // </bootstrap>
        Console.WriteLine($"better by {better.Lower} to {better.Upper}");
        await run.EndAsync(RunStatus.Finished);
    }

    public static async Task StreamAsync(Tracker tracker)
    {
        await using Run run = await tracker.StartRunAsync("churn");
        (bool[] Labels, double[] Probabilities)[] batches = [([true, false], [0.8, 0.3]), ([false, true], [0.4, 0.9])];
        // <accumulate>
        var binary = new BinaryAccumulator();
        var rocAuc = new RocAucAccumulator();
        foreach ((bool[] labels, double[] probabilities) in batches)
        {
            binary.Add(labels, probabilities);
            rocAuc.Add(labels, probabilities);
        }

        run.LogMetric("validation/log_loss", binary.LogLoss, step: 1);
        run.LogMetric("validation/roc_auc", rocAuc.RocAuc, step: 1);
        Console.WriteLine($"the exact area is within {rocAuc.ErrorBound}");
        // </accumulate>
        await run.EndAsync(RunStatus.Finished);
    }
}
