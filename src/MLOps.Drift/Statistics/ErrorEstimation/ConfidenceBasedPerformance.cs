using System.Globalization;
using MLOps.Tracking.Evaluation;

namespace MLOps.Drift.Statistics;

/// <summary>
/// Confidence-based performance estimation (CBPE): how well a binary classifier does on rows whose labels are not there yet, from its own scores. A calibrated score of 0.9 is right nine times in ten, so
/// the scores alone say how many predictions to expect right. Fit once on a labelled reference, estimate many chunks.
/// </summary>
/// <remarks>
/// <para>Right as long as scores keep their meaning: under covariate shift within what the reference covers. Where the relation between features and label changes (concept drift), no method sees it without labels.</para>
/// <para>A row is predicted positive when its score, as the model gave it, is at or above the threshold. With calibrated probabilities p: TP = Σ p and FP = Σ (1 − p) over the rows predicted positive, FN = Σ p and TN = Σ (1 − p)
/// over the others; metrics come from these four. ROC AUC is that of a positive row of weight p and a negative one of weight 1 − p for each score.</para>
/// <para>Rows whose score is NaN are left out and counted. Immutable and safe for any number of threads. Time n log n; memory 40 bytes a row.</para>
/// <para>Source: NannyML, Estimation of performance of the monitored model (CBPE). Agrees with its definition by numpy on tests/MLOps.Drift.Tests/Vectors/cases/performance.json.</para>
/// </remarks>
public sealed class ConfidenceBasedPerformance
{
    private readonly PerformanceEstimate _reference;
    private readonly MetricDeviations _deviations;
    private readonly double _threshold;

    private ConfidenceBasedPerformance(PerformanceEstimate reference, MetricDeviations deviations, Calibrator calibrator, double threshold) =>
        (_reference, _deviations, Calibrator, _threshold) = (reference, deviations, calibrator, threshold);

    /// <summary>How scores become probabilities.</summary>
    public Calibrator Calibrator { get; }

    /// <summary>Learns from labelled rows what scores mean and how much chance moves each metric.</summary>
    /// <param name="labels">Which rows are positive. Take rows that the model was not trained on.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="threshold">A row is predicted positive from this score on, <c>score ≥ threshold</c>. Default 0.5.</param>
    /// <returns>The estimator. When the reference has no row with a score, all its answers are <see cref="NotComputable.TooFewValues"/>.</returns>
    /// <exception cref="ArgumentException">There are not as many labels as scores.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is NaN.</exception>
    public static ConfidenceBasedPerformance Fit(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double threshold = 0.5)
    {
        CheckThreshold(threshold);
        (bool[] known, double[] present) = Calibrator.Present(labels, scores);
        var calibrator = Calibrator.Fit(known, present);
        double[] outcomes = Array.ConvertAll(known, static label => label ? 1.0 : 0.0);
        PerformanceEstimate reference = Of(present, outcomes, threshold, Invariant($"measured on the reference, threshold {threshold}")) with { Missing = scores.Length - present.Length };
        MetricDeviations deviations = MetricDeviations.Of(known, present, threshold, reference);
        return new ConfidenceBasedPerformance(reference, deviations, calibrator, threshold);
    }

    /// <summary>Estimates the performance on rows without labels.</summary>
    /// <param name="scores">The model's score of each row.</param>
    /// <returns>The estimate, with the standard error that a chunk of so many rows has by the reference. Needs one score; and scores between 0 and 1 where the calibrator leaves them as they are.</returns>
    public PerformanceEstimate Estimate(ReadOnlySpan<double> scores)
    {
        double[] present = Present(scores), probabilities = Array.ConvertAll(present, Calibrator.Calibrate);
        string rule = Invariant($"estimated, {Calibrator}, threshold {_threshold}");
        if (_reference.Rows == 0)
            return new PerformanceEstimate { Rule = rule, Rows = present.Length, Missing = scores.Length - present.Length, NotComputable = new NotComputable.TooFewValues(0, present.Length, 1) };
        return _deviations.Over(Of(present, probabilities, _threshold, rule)) with { Missing = scores.Length - present.Length };
    }

    /// <summary>The performance measured on the reference, with the standard error of a chunk: its bands say which estimates are an alarm.</summary>
    /// <param name="chunkRows">How many rows the chunks have whose estimates will be held against it, at least 1.</param>
    /// <returns>The measured performance. A metric's <see cref="EstimatedMetric.Band"/> is where that of a chunk lies as long as nothing has changed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="chunkRows"/> is below 1.</exception>
    public PerformanceEstimate Reference(int chunkRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkRows, 1);
        return _deviations.Over(_reference, chunkRows);
    }

    /// <summary>Estimates the performance from scores that are calibrated already, without a reference and so without standard errors.</summary>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="threshold">A row is predicted positive from this probability on. Default 0.5.</param>
    /// <returns>The estimate. Needs one probability; a value outside [0, 1] gives <see cref="NotComputable.BeyondLimit"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is NaN.</exception>
    public static PerformanceEstimate OfCalibrated(ReadOnlySpan<double> probabilities, double threshold = 0.5)
    {
        CheckThreshold(threshold);
        double[] present = Present(probabilities);
        return Of(present, present, threshold, Invariant($"estimated, scores as they are, threshold {threshold}")) with { Missing = probabilities.Length - present.Length };
    }

    private static PerformanceEstimate Of(double[] scores, double[] probabilities, double threshold, string rule)
    {
        var estimate = new PerformanceEstimate { Rule = rule, Rows = scores.Length };
        if (scores.Length == 0)
            return estimate with { NotComputable = new NotComputable.TooFewValues(0, 0, 1) };
        int beyond = probabilities.Count(static probability => probability is not (>= 0 and <= 1));
        if (beyond > 0)
            return estimate with { NotComputable = new NotComputable.BeyondLimit($"A calibrated score is a probability, 0 to 1; {beyond} are not. Fit on a labelled reference, which calibrates them.") };

        double tp = 0, fp = 0, fn = 0, tn = 0;
        for (int row = 0; row < scores.Length; row++)
        {
            double p = probabilities[row];
            (double right, double wrong) = scores[row] >= threshold ? (p, 1 - p) : (1 - p, p);
            (tp, fp, fn, tn) = scores[row] >= threshold ? (tp + right, fp + wrong, fn, tn) : (tp, fp, fn + wrong, tn + right);
        }

        return estimate with
        {
            TruePositives = tp, FalsePositives = fp, FalseNegatives = fn, TrueNegatives = tn,
            Accuracy = Metric((tp + tn) / scores.Length), Precision = Metric(tp / (tp + fp)), Recall = Metric(tp / (tp + fn)), Specificity = Metric(tn / (tn + fp)),
            F1 = Metric(2 * tp / ((2 * tp) + fp + fn)), RocAuc = Metric(ExpectedRocAuc(scores, probabilities)),
        };
    }

    private static double ExpectedRocAuc(double[] scores, double[] probabilities)
    {
        bool[] labels = new bool[2 * scores.Length];
        labels.AsSpan(scores.Length).Fill(true);
        double[] weights = [.. probabilities.Select(static probability => 1 - probability), .. probabilities];
        return ClassificationMetrics.RocAuc(labels, [.. scores, .. scores], weights);
    }

    private static EstimatedMetric Metric(double value) => new(value, double.NaN);

    private static double[] Present(ReadOnlySpan<double> scores)
    {
        double[] present = new double[scores.Length];
        int count = 0;
        foreach (double score in scores)
        {
            if (!double.IsNaN(score))
                present[count++] = score;
        }

        return present[..count];
    }

    private static void CheckThreshold(double threshold)
    {
        if (double.IsNaN(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A threshold is a number.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
