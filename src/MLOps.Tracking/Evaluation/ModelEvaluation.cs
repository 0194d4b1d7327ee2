namespace MLOps.Tracking.Evaluation;

/// <summary>All that one look at a model's predictions says: metrics, tables and plots, to be logged with <see cref="EvaluationExtensions.LogEvaluationAsync"/>.</summary>
/// <remarks>
/// Computed when it is made, and independent of the rows afterwards: what it keeps is bounded by about a thousand vertices per curve and, for a confusion matrix, by the number of classes squared. Immutable.
/// </remarks>
public abstract class ModelEvaluation
{
    private protected ModelEvaluation(Dictionary<string, double> metrics) => Metrics = metrics;

    /// <summary>The metrics by key. Those that MLflow's evaluation has too have its keys, so that runs evaluated here and in Python compare in one column. One that is not defined for the rows is NaN.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; }

    /// <summary>The kind of model, as the JSON artifact names it.</summary>
    internal abstract string Kind { get; }

    /// <summary>The tables of the JSON artifact.</summary>
    internal abstract IEnumerable<(string Name, string[] Columns, IEnumerable<IReadOnlyList<object?>> Rows)> Tables { get; }

    /// <summary>Evaluates a classifier of two classes.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="threshold">A row is predicted positive from this probability on, <c>probability ≥ threshold</c>.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>
    /// Metrics <c>example_count</c> (rows), <c>accuracy_score</c>, <c>precision_score</c>, <c>recall_score</c>, <c>f1_score</c>, <c>true_positives</c>, <c>false_positives</c>, <c>false_negatives</c>,
    /// <c>true_negatives</c> (weights) at the threshold; <c>roc_auc</c>, <c>precision_recall_auc</c> (average precision), <c>log_loss</c>, <c>brier_score</c>, <c>expected_calibration_error</c> (ten uniform bins).
    /// Tables of thresholds and of calibration bins, the confusion matrix; plots of the ROC curve, the precision–recall curve, calibration and confusion.
    /// </returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, a probability is outside [0, 1], or the threshold is NaN.</exception>
    public static ModelEvaluation Binary(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, double threshold = 0.5, ReadOnlySpan<double> weights = default) =>
        BinaryEvaluation.Of(labels, probabilities, threshold, weights);

    /// <summary>Evaluates a classifier of any number of classes by its probabilities. A row's predicted class is the first one with the highest probability.</summary>
    /// <param name="labels">The true class of each row, from 0.</param>
    /// <param name="probabilities">The probabilities of all classes, row after row, by the rules of <see cref="ClassificationMetrics.LogLoss(ReadOnlySpan{int}, ReadOnlySpan{double}, int, ReadOnlySpan{double})"/>.</param>
    /// <param name="classNames">The names in the order of the class numbers, each once.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>What <see cref="Multiclass(ConfusionMatrix)"/> returns, and metric <c>log_loss</c>.</returns>
    /// <exception cref="ArgumentException">The rows or the names break a rule of <see cref="ClassificationMetrics"/> or of <see cref="ConfusionMatrix"/>.</exception>
    public static ModelEvaluation Multiclass(ReadOnlySpan<int> labels, ReadOnlySpan<double> probabilities, IReadOnlyList<string> classNames, ReadOnlySpan<double> weights = default)
    {
        var matrix = new ConfusionMatrix(classNames);
        double logLoss = ClassificationMetrics.LogLoss(labels, probabilities, matrix.ClassCount, weights);
        for (int row = 0; row < labels.Length; row++)
            matrix.Add(labels[row], First(probabilities.Slice(row * matrix.ClassCount, matrix.ClassCount)), weights.IsEmpty ? 1 : weights[row]);
        return new MulticlassEvaluation(matrix, logLoss);
    }

    /// <summary>Evaluates a classifier of any number of classes by its predicted classes.</summary>
    /// <param name="matrix">The confusion matrix of its rows, which the evaluation copies.</param>
    /// <returns>
    /// Metrics <c>example_count</c> (rows), <c>accuracy_score</c>, <c>precision_score</c>, <c>recall_score</c>, <c>f1_score</c> (weighted averages, MLflow's default),
    /// <c>precision_score_macro</c>, <c>recall_score_macro</c>, <c>f1_score_macro</c>. Tables of classes and of the confusion matrix; a plot of the confusion matrix.
    /// </returns>
    /// <exception cref="ArgumentException">The matrix has no rows.</exception>
    public static ModelEvaluation Multiclass(ConfusionMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (matrix.Rows == 0)
            throw new ArgumentException("The confusion matrix is empty; add rows before it is evaluated.", nameof(matrix));
        var copy = new ConfusionMatrix(matrix.ClassNames);
        copy.Merge(matrix);
        return new MulticlassEvaluation(copy, null);
    }

    /// <summary>Evaluates a regression.</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">What the model said.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>Metrics <c>example_count</c> (rows), <c>mean_squared_error</c>, <c>root_mean_squared_error</c>, <c>mean_absolute_error</c>, <c>r2_score</c>; a plot of predictions over targets.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="RegressionMetrics"/>.</exception>
    public static ModelEvaluation Regression(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights = default) =>
        RegressionEvaluation.Of(targets, predictions, weights);

    /// <summary>Draws the plots.</summary>
    /// <param name="name">What the evaluation is called, for the titles.</param>
    /// <returns>The plots, by file name without extension.</returns>
    internal abstract IEnumerable<(string File, byte[] Svg)> Plots(string name);

    private protected static (string Name, string[] Columns, IEnumerable<IReadOnlyList<object?>> Rows) ConfusionTable(ConfusionMatrix matrix) => (
        "confusion",
        ["actual", "predicted", "weight"],
        from actual in Enumerable.Range(0, matrix.ClassCount)
        from predicted in Enumerable.Range(0, matrix.ClassCount)
        where matrix[actual, predicted] != 0
        select new object?[] { matrix.ClassNames[actual], matrix.ClassNames[predicted], matrix[actual, predicted] });

    private static int First(ReadOnlySpan<double> probabilities)
    {
        int best = 0;
        for (int number = 1; number < probabilities.Length; number++)
        {
            if (probabilities[number] > probabilities[best])
                best = number;
        }

        return best;
    }
}
