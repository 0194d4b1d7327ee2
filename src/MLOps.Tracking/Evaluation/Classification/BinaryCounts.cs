namespace MLOps.Tracking.Evaluation;

/// <summary>The weights of the four kinds of rows at one threshold, and the metrics that are ratios of them.</summary>
internal struct BinaryCounts
{
    private CompensatedSum _truePositives;
    private CompensatedSum _falsePositives;
    private CompensatedSum _falseNegatives;
    private CompensatedSum _trueNegatives;

    public readonly double TruePositives => _truePositives.Value;

    public readonly double FalsePositives => _falsePositives.Value;

    public readonly double FalseNegatives => _falseNegatives.Value;

    public readonly double TrueNegatives => _trueNegatives.Value;

    public readonly double Accuracy => Ratio(TruePositives + TrueNegatives, FalsePositives + FalseNegatives, double.NaN);

    public static BinaryCounts Of(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, double threshold, ReadOnlySpan<double> weights)
    {
        RowChecks.NotEmpty(labels.Length, nameof(labels));
        RowChecks.SameLength(labels.Length, nameof(labels), scores.Length, nameof(scores));
        RowChecks.Threshold(threshold);
        RowChecks.NoNaN(scores, nameof(scores));
        RowChecks.Weights(weights, labels.Length, nameof(labels));
        BinaryCounts counts = default;
        for (int row = 0; row < labels.Length; row++)
            counts.Add(labels[row], scores[row] >= threshold, weights.IsEmpty ? 1 : weights[row]);
        return counts;
    }

    /// <summary>right / (right + wrong), or what is said for 0 / 0.</summary>
    public static double Ratio(double right, double wrong, double zeroDivision) => right + wrong == 0 ? zeroDivision : right / (right + wrong);

    public void Add(bool label, bool predicted, double weight)
    {
        if (label)
            (predicted ? ref _truePositives : ref _falseNegatives).Add(weight);
        else
            (predicted ? ref _falsePositives : ref _trueNegatives).Add(weight);
    }

    public void Add(BinaryCounts other)
    {
        _truePositives.Add(other._truePositives);
        _falsePositives.Add(other._falsePositives);
        _falseNegatives.Add(other._falseNegatives);
        _trueNegatives.Add(other._trueNegatives);
    }

    public readonly double Precision(double zeroDivision) => Ratio(TruePositives, FalsePositives, zeroDivision);

    public readonly double Recall(double zeroDivision) => Ratio(TruePositives, FalseNegatives, zeroDivision);

    public readonly double FBeta(double beta, double zeroDivision) =>
        Ratio((1 + (beta * beta)) * TruePositives, (beta * beta * FalseNegatives) + FalsePositives, zeroDivision);
}
