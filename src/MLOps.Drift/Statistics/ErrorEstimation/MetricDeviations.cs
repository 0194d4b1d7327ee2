namespace MLOps.Drift.Statistics;

/// <summary>How much one row moves each metric: the standard deviation of the metric's influence function over labelled rows. That of n rows is 1 / √n of it.</summary>
/// <remarks>
/// A metric that is a ratio of sums, A / B, has the influence (a − ratio × b) / mean b (the delta method); that of ROC AUC is the share of the other class that a row is ranked rightly against, by DeLong, DeLong and
/// Clarke-Pearson (1988), Biometrics 44, 837–845. NaN where the metric is.
/// </remarks>
internal sealed record MetricDeviations(double Accuracy, double Precision, double Recall, double Specificity, double F1, double RocAuc)
{
    public static MetricDeviations Of(bool[] labels, double[] scores, double threshold, PerformanceEstimate measured) => new(
        OfRatio(labels, scores, threshold, measured.Accuracy.Value, static (label, positive) => label == positive ? 1 : 0, static (_, _) => 1),
        OfRatio(labels, scores, threshold, measured.Precision.Value, static (label, positive) => label && positive ? 1 : 0, static (_, positive) => positive ? 1 : 0),
        OfRatio(labels, scores, threshold, measured.Recall.Value, static (label, positive) => label && positive ? 1 : 0, static (label, _) => label ? 1 : 0),
        OfRatio(labels, scores, threshold, measured.Specificity.Value, static (label, positive) => !label && !positive ? 1 : 0, static (label, _) => label ? 0 : 1),
        OfRatio(labels, scores, threshold, measured.F1.Value, static (label, positive) => label && positive ? 2 : 0, static (label, positive) => (label ? 1 : 0) + (positive ? 1 : 0)),
        OfRocAuc(labels, scores));

    /// <summary>Puts standard errors to an estimate.</summary>
    public PerformanceEstimate Over(PerformanceEstimate estimate, long? rows = null)
    {
        double root = Math.Sqrt(rows ?? estimate.Rows);
        return estimate with
        {
            Accuracy = estimate.Accuracy with { StandardError = Accuracy / root }, Precision = estimate.Precision with { StandardError = Precision / root },
            Recall = estimate.Recall with { StandardError = Recall / root }, Specificity = estimate.Specificity with { StandardError = Specificity / root },
            F1 = estimate.F1 with { StandardError = F1 / root }, RocAuc = estimate.RocAuc with { StandardError = RocAuc / root },
        };
    }

    private static double OfRatio(bool[] labels, double[] scores, double threshold, double ratio, Func<bool, bool, double> numerator, Func<bool, bool, double> denominator)
    {
        double squares = 0, below = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            bool positive = scores[row] >= threshold;
            double b = denominator(labels[row], positive), difference = numerator(labels[row], positive) - (ratio * b);
            squares += difference * difference;
            below += b;
        }

        return Math.Sqrt(squares / labels.Length) / (below / labels.Length);
    }

    private static double OfRocAuc(bool[] labels, double[] scores)
    {
        double[] positives = [.. scores.Where((_, row) => labels[row])], negatives = [.. scores.Where((_, row) => !labels[row])];
        if (positives.Length == 0 || negatives.Length == 0)
            return double.NaN;
        Array.Sort(positives);
        Array.Sort(negatives);
        double positiveShare = (double)positives.Length / labels.Length;
        return Math.Sqrt((VarianceOfPlacements(positives, negatives) / positiveShare) + (VarianceOfPlacements(negatives, positives) / (1 - positiveShare)));
    }

    /// <summary>The variance of the share of the others that each value is above, a tie counting one half.</summary>
    private static double VarianceOfPlacements(double[] sorted, double[] others)
    {
        double[] placements = new double[sorted.Length];
        int below = 0, notAbove = 0;
        for (int at = 0; at < sorted.Length; at++)
        {
            while (below < others.Length && others[below] < sorted[at])
                below++;
            notAbove = Math.Max(notAbove, below);
            while (notAbove < others.Length && others[notAbove] == sorted[at])
                notAbove++;
            placements[at] = (below + notAbove) / 2.0 / others.Length;
        }

        return Descriptive.Variance(placements, ddof: 0);
    }
}
