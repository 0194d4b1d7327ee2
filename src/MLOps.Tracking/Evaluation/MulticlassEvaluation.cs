using MLOps.Tracking.Evaluation.Plots;

namespace MLOps.Tracking.Evaluation;

/// <summary>The evaluation of a classifier of any number of classes.</summary>
internal sealed class MulticlassEvaluation(ConfusionMatrix matrix, double? logLoss) : ModelEvaluation(MetricsOf(matrix, logLoss))
{
    internal override string Kind => "multiclass";

    internal override IEnumerable<(string Name, string[] Columns, IEnumerable<IReadOnlyList<object?>> Rows)> Tables =>
    [
        ("classes", ["class", "precision", "recall", "f1", "support"],
            Enumerable.Range(0, matrix.ClassCount).Select(number => new object?[] { matrix.ClassNames[number], matrix.Precision(number), matrix.Recall(number), matrix.F1(number), matrix.Support(number) })),
        ConfusionTable(matrix),
    ];

    internal override IEnumerable<(string File, byte[] Svg)> Plots(string name) => [("confusion", ConfusionPlot.Draw($"Confusion matrix — {name}", matrix))];

    private static Dictionary<string, double> MetricsOf(ConfusionMatrix matrix, double? logLoss)
    {
        Dictionary<string, double> metrics = new(StringComparer.Ordinal)
        {
            ["example_count"] = matrix.Rows,
            ["accuracy_score"] = matrix.Accuracy,
            ["precision_score"] = matrix.Precision(Averaging.Weighted),
            ["recall_score"] = matrix.Recall(Averaging.Weighted),
            ["f1_score"] = matrix.F1(Averaging.Weighted),
            ["precision_score_macro"] = matrix.Precision(Averaging.Macro),
            ["recall_score_macro"] = matrix.Recall(Averaging.Macro),
            ["f1_score_macro"] = matrix.F1(Averaging.Macro),
        };
        if (logLoss is { } loss)
            metrics["log_loss"] = loss;
        return metrics;
    }
}
