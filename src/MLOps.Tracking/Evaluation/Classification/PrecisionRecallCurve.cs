namespace MLOps.Tracking.Evaluation;

/// <summary>How precision and recall change with the threshold.</summary>
/// <remarks>
/// One point per distinct score, from the lowest up, and a last point at threshold +∞ with recall 0 and precision 1, which is so by definition: scikit-learn's
/// <c>precision_recall_curve</c>, which gives that point no threshold. Steps between the points enclose
/// <see cref="ClassificationMetrics.AveragePrecision(ReadOnlySpan{bool}, ReadOnlySpan{double}, ReadOnlySpan{double})"/>. Immutable.
/// </remarks>
public sealed class PrecisionRecallCurve
{
    private readonly double[] _thresholds;
    private readonly double[] _precisions;
    private readonly double[] _recalls;

    private PrecisionRecallCurve(int points) => (_thresholds, _precisions, _recalls) = (new double[points], new double[points], new double[points]);

    /// <summary>The scores from which on a row is predicted positive, rising; the last is +∞.</summary>
    public IReadOnlyList<double> Thresholds => _thresholds;

    /// <summary>TP / (TP + FP) at each threshold; the last is 1.</summary>
    public IReadOnlyList<double> Precisions => _precisions;

    /// <summary>TP / (TP + FN) at each threshold, falling from 1 to 0; if no row is positive NaN, where scikit-learn warns and answers 1, but for the last, which is 0.</summary>
    public IReadOnlyList<double> Recalls => _recalls;

    /// <summary>Draws the curve of rows.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="scores">The model's score of each row.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>The curve; its last point alone if no row has a weight.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>.</exception>
    public static PrecisionRecallCurve Of(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        using var ranked = new RankedScores(labels, scores, weights);
        return Of(ranked);
    }

    internal static PrecisionRecallCurve Of(RankedScores ranked)
    {
        int last = ranked.CountDistinct();
        var curve = new PrecisionRecallCurve(last + 1);
        curve.Set(last, double.PositiveInfinity, 1, 0);
        for (int point = last - 1; ranked.MoveNext(); point--)
            curve.Set(point, ranked.Score, ranked.TruePositives / (ranked.TruePositives + ranked.FalsePositives), ranked.TruePositives / ranked.Positives);
        return curve;
    }

    private void Set(int point, double threshold, double precision, double recall) =>
        (_thresholds[point], _precisions[point], _recalls[point]) = (threshold, precision, recall);
}
