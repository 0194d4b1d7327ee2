namespace MLOps.Tracking.Evaluation;

/// <summary>The receiver operating characteristic: how the share of positive rows that a threshold finds grows with the share of negative rows that it takes along.</summary>
/// <remarks>
/// One point per distinct score, from the highest down, behind a first point at threshold +∞ that nothing passes. No point is dropped: scikit-learn's <c>roc_curve</c> with
/// <c>drop_intermediate=False</c>. Straight lines between the points enclose <see cref="ClassificationMetrics.RocAuc(ReadOnlySpan{bool}, ReadOnlySpan{double}, ReadOnlySpan{double})"/>. Immutable.
/// </remarks>
public sealed class RocCurve
{
    private readonly double[] _thresholds;
    private readonly double[] _falsePositiveRates;
    private readonly double[] _truePositiveRates;

    private RocCurve(int points) =>
        (_thresholds, _falsePositiveRates, _truePositiveRates) = (new double[points], new double[points], new double[points]);

    /// <summary>The scores from which on a row is predicted positive, falling; the first is +∞.</summary>
    public IReadOnlyList<double> Thresholds => _thresholds;

    /// <summary>FP / (FP + TN) at each threshold, rising from 0 to 1; all NaN if no row is negative.</summary>
    public IReadOnlyList<double> FalsePositiveRates => _falsePositiveRates;

    /// <summary>TP / (TP + FN) at each threshold, rising from 0 to 1; all NaN if no row is positive.</summary>
    public IReadOnlyList<double> TruePositiveRates => _truePositiveRates;

    /// <summary>Draws the curve of rows.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row; a score of +∞ gives a second point at threshold +∞.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>The curve; its first point alone if no row has a weight.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>.</exception>
    public static RocCurve Of(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        using var ranked = new RankedScores(labels, scores, weights);
        return Of(ranked);
    }

    internal static RocCurve Of(RankedScores ranked)
    {
        var curve = new RocCurve(ranked.CountDistinct() + 1);
        curve.Set(0, double.PositiveInfinity, 0 / ranked.Negatives, 0 / ranked.Positives);
        for (int point = 1; ranked.MoveNext(); point++)
            curve.Set(point, ranked.Score, ranked.FalsePositives / ranked.Negatives, ranked.TruePositives / ranked.Positives);
        return curve;
    }

    private void Set(int point, double threshold, double falsePositiveRate, double truePositiveRate) =>
        (_thresholds[point], _falsePositiveRates[point], _truePositiveRates[point]) = (threshold, falsePositiveRate, truePositiveRate);
}
