using System.Globalization;

namespace MLOps.Tracking.Evaluation;

/// <summary>Metrics of classifiers over whole columns: labels and scores in, one number out.</summary>
/// <remarks>
/// <para>Definitions, and results to rounding, are those of scikit-learn; where it only warns or raises, these functions answer NaN as stated at each.
/// For two classes, <c>labels</c> says which rows are positive, and <c>scores</c> are higher where a model holds a row to be positive; <c>probabilities</c> are scores from 0 to 1.</para>
/// <para>Rules of all members. No row, or arguments with different numbers of rows: <see cref="ArgumentException"/> with the numbers. NaN anywhere: <see cref="ArgumentException"/> with
/// its index; no row is ever dropped. Scores may be infinite, they only have an order. Weights are finite and not negative, with a finite sum; an empty span makes every row weigh 1. A row of
/// weight 0 counts as absent, a row of weight 2 as two rows; if no row has a weight, the answer is that of the metric for 0 / 0.</para>
/// <para>Pure functions, which any threads may call. Those that sort rent memory from the shared array pool; none allocates.</para>
/// </remarks>
public static class ClassificationMetrics
{
    /// <summary>Probabilities are kept this far from 0 and 1 in a logarithm: the rounding step of double at 1, as in scikit-learn since 1.3.</summary>
    private const double Epsilon = 2.220446049250313e-16;

    /// <summary>How far the probabilities of a row may add up from 1. Softmax in bfloat16 over many classes stays within it; scores that are no distribution do not.</summary>
    private const double SumTolerance = 0.01;

    /// <summary>The share of rows that are predicted right at a threshold: (TP + TN) / (TP + TN + FP + FN).</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="threshold">A row is predicted positive from this score on, <c>score ≥ threshold</c>.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 to 1; NaN if no row has a weight.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or the threshold is NaN.</exception>
    public static double Accuracy(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double threshold = 0.5, ReadOnlySpan<double> weights = default) =>
        BinaryCounts.Of(labels, scores, threshold, weights).Accuracy;

    /// <summary>The share of the rows predicted positive that are positive: TP / (TP + FP).</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="threshold">A row is predicted positive from this score on, <c>score ≥ threshold</c>.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <param name="zeroDivision">The answer when no row is predicted positive; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or the threshold is NaN.</exception>
    public static double Precision(
        ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double threshold = 0.5, ReadOnlySpan<double> weights = default, double zeroDivision = 0) =>
        BinaryCounts.Of(labels, scores, threshold, weights).Precision(zeroDivision);

    /// <summary>The share of the positive rows that are predicted positive: TP / (TP + FN). Also called sensitivity or true positive rate.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="threshold">A row is predicted positive from this score on, <c>score ≥ threshold</c>.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <param name="zeroDivision">The answer when no row is positive; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or the threshold is NaN.</exception>
    public static double Recall(
        ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double threshold = 0.5, ReadOnlySpan<double> weights = default, double zeroDivision = 0) =>
        BinaryCounts.Of(labels, scores, threshold, weights).Recall(zeroDivision);

    /// <summary>The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="threshold">A row is predicted positive from this score on, <c>score ≥ threshold</c>.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <param name="zeroDivision">The answer when no row is positive and none is predicted positive; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or the threshold is NaN.</exception>
    public static double F1(
        ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double threshold = 0.5, ReadOnlySpan<double> weights = default, double zeroDivision = 0) =>
        BinaryCounts.Of(labels, scores, threshold, weights).FBeta(1, zeroDivision);

    /// <summary>The weighted harmonic mean of precision and recall: (1 + β²) TP / ((1 + β²) TP + β² FN + FP).</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="beta">How many times as much recall counts as precision, 0 or more: 0 is precision, 1 is <see cref="F1"/>.</param>
    /// <param name="threshold">A row is predicted positive from this score on, <c>score ≥ threshold</c>.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <param name="zeroDivision">The answer for 0 / 0: no row is positive and none is predicted positive; 0 as in scikit-learn.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or the threshold is NaN.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="beta"/> is negative, NaN or above 10⁶.</exception>
    public static double FBeta(
        ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double beta, double threshold = 0.5, ReadOnlySpan<double> weights = default, double zeroDivision = 0)
    {
        if (beta is not (>= 0 and <= 1e6))
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "Beta is 0 to 1,000,000; for recall alone, take Recall.");
        return BinaryCounts.Of(labels, scores, threshold, weights).FBeta(beta, zeroDivision);
    }

    /// <summary>The area under the ROC curve: the chance that a random positive row has a higher score than a random negative one, a tie counting one half.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row; only their order counts.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 to 1, 0.5 for a model that cannot tell; NaN if the rows are of one class only.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>.</exception>
    /// <remarks>
    /// Equal to the Mann–Whitney U over (positives × negatives); exact for up to 10⁸ rows of equal weight. Time n log n. Source: Hanley and McNeil (1982), Radiology 143, 29–36;
    /// scikit-learn's <c>roc_auc_score</c>.
    /// </remarks>
    public static double RocAuc(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        using var ranked = new RankedScores(labels, scores, weights);
        return RocAuc(ranked);
    }

    /// <summary>The area under the precision–recall curve as average precision: Σ (Rₖ − Rₖ₋₁) Pₖ over the distinct scores from the highest down.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row; only their order counts.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 to 1, about the share of positive rows for a model that cannot tell; NaN if no row is positive, where scikit-learn warns and answers 0.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>.</exception>
    /// <remarks>A sum of steps, not of trapezoids, which promise more than any threshold gives: Davis and Goadrich (2006), ICML. Time n log n. scikit-learn's <c>average_precision_score</c>.</remarks>
    public static double AveragePrecision(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        using var ranked = new RankedScores(labels, scores, weights);
        return AveragePrecision(ranked);
    }

    /// <summary>The mean of −ln(probability that the model gave to what happened), in nats. Also called cross-entropy.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 or more, lower is better; at most 36.05, for probabilities nearer to 0 or 1 than 2⁻⁵² are moved there; NaN if no row has a weight. Defined for one class too.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or a probability is outside [0, 1].</exception>
    /// <remarks>scikit-learn's <c>log_loss</c> since 1.3, with <c>labels=[0, 1]</c>.</remarks>
    public static double LogLoss(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> weights = default)
    {
        double total = CheckProbabilities(labels, probabilities, weights);
        CompensatedSum loss = default;
        for (int row = 0; row < labels.Length; row++)
            loss.Add(Weight(weights, row) * LogLoss(labels[row], probabilities[row]));
        return loss.Value / total;
    }

    /// <summary>The mean of −ln(probability that the model gave to the true class), in nats, for any number of classes.</summary>
    /// <param name="labels">The true class of each row, 0 to <paramref name="classCount"/> − 1.</param>
    /// <param name="probabilities">The probabilities of all classes, row after row: <c>labels.Length × classCount</c> numbers, 0 to 1. The sum of a row lies within 0.01 of 1; rows are not normalised.</param>
    /// <param name="classCount">How many classes there are, at least 1.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 or more, lower is better; at most 36.05, for probabilities nearer to 0 or 1 than 2⁻⁵² are moved there; NaN if no row has a weight.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, a label is no class, a probability is outside [0, 1], or a row does not add up to 1.</exception>
    /// <remarks>scikit-learn's <c>log_loss</c> since 1.5, with <c>labels=range(classCount)</c>; it only warns of a row that does not add up to 1.</remarks>
    public static double LogLoss(ReadOnlySpan<int> labels, ReadOnlySpan<double> probabilities, int classCount, ReadOnlySpan<double> weights = default)
    {
        double total = CheckProbabilities(labels, probabilities, classCount, weights);
        CompensatedSum loss = default;
        for (int row = 0; row < labels.Length; row++)
            loss.Add(Weight(weights, row) * LogLoss(probabilities[(row * classCount) + labels[row]]));
        return loss.Value / total;
    }

    /// <summary>The mean of (probability − outcome)², the outcome being 1 for a positive row and 0 for a negative one.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 to 1, lower is better; NaN if no row has a weight. Defined for one class too.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or a probability is outside [0, 1].</exception>
    /// <remarks>Source: Brier (1950), Monthly Weather Review 78, 1–3, for two classes as scikit-learn's <c>brier_score_loss</c>: half of Brier's sum over both classes.</remarks>
    public static double BrierScore(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> weights = default)
    {
        double total = CheckProbabilities(labels, probabilities, weights);
        CompensatedSum score = default;
        for (int row = 0; row < labels.Length; row++)
            score.Add(Weight(weights, row) * SquaredError(labels[row], probabilities[row]));
        return score.Value / total;
    }

    internal static double RocAuc(RankedScores ranked)
    {
        if (ranked.Positives == 0 || ranked.Negatives == 0)
            return double.NaN;
        CompensatedSum twiceTheArea = default;
        double truePositives = 0, falsePositives = 0;
        while (ranked.MoveNext())
        {
            twiceTheArea.Add((ranked.FalsePositives - falsePositives) * (ranked.TruePositives + truePositives));
            (truePositives, falsePositives) = (ranked.TruePositives, ranked.FalsePositives);
        }

        return Math.Min(1, twiceTheArea.Value / 2 / (ranked.Positives * ranked.Negatives));
    }

    internal static double AveragePrecision(RankedScores ranked)
    {
        if (ranked.Positives == 0)
            return double.NaN;
        CompensatedSum sum = default;
        double truePositives = 0;
        while (ranked.MoveNext())
        {
            sum.Add((ranked.TruePositives - truePositives) * (ranked.TruePositives / (ranked.TruePositives + ranked.FalsePositives)));
            truePositives = ranked.TruePositives;
        }

        return Math.Min(1, sum.Value / ranked.Positives);
    }

    // 1 − p is rounded before its logarithm is taken, as in scikit-learn.
    internal static double LogLoss(bool label, double probability) => LogLoss(label ? probability : 1 - probability);

    internal static double SquaredError(bool label, double probability)
    {
        double error = probability - (label ? 1 : 0);
        return error * error;
    }

    internal static double CheckProbabilities(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> weights)
    {
        RowChecks.NotEmpty(labels.Length, nameof(labels));
        RowChecks.SameLength(labels.Length, nameof(labels), probabilities.Length, nameof(probabilities));
        RowChecks.Probabilities(probabilities, nameof(probabilities));
        return RowChecks.Weights(weights, labels.Length, nameof(labels));
    }

    private static double LogLoss(double probability) => -Math.Log(Math.Clamp(probability, Epsilon, 1 - Epsilon));

    private static double Weight(ReadOnlySpan<double> weights, int row) => weights.IsEmpty ? 1 : weights[row];

    private static double CheckProbabilities(ReadOnlySpan<int> labels, ReadOnlySpan<double> probabilities, int classCount, ReadOnlySpan<double> weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        RowChecks.NotEmpty(labels.Length, nameof(labels));
        if (probabilities.Length != (long)labels.Length * classCount)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"labels has {labels.Length} rows of {classCount} classes and probabilities has {probabilities.Length} numbers; it must have rows × classes."), nameof(probabilities));
        }

        RowChecks.Classes(labels, classCount, nameof(labels));
        RowChecks.Probabilities(probabilities, nameof(probabilities));
        for (int row = 0; row < labels.Length; row++)
        {
            double sum = 0;
            foreach (double probability in probabilities.Slice(row * classCount, classCount))
                sum += probability;
            if (Math.Abs(sum - 1) > SumTolerance)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The probabilities of row {row} add up to {sum}, not to 1. Give probabilities, for example the softmax of the scores."), nameof(probabilities));
        }

        return RowChecks.Weights(weights, labels.Length, nameof(labels));
    }
}
