namespace MLOps.Tracking.Evaluation;

/// <summary>The metrics of a binary classifier at one threshold while its rows stream by: counts and the metrics that follow from them, log loss and Brier score.</summary>
/// <remarks>
/// <para>The definitions are those of <see cref="ClassificationMetrics"/>, and so are the results, to rounding, in whatever order and portions the rows come: the sums are compensated.
/// Accumulators of parts of the data merge into that of all. Before the first row with a weight, metrics are NaN and precision, recall and F1 are 0.</para>
/// <para>Memory: about 150 bytes; adding allocates nothing. Not thread-safe: one per thread, merged at the end.</para>
/// </remarks>
public sealed class BinaryAccumulator
{
    private BinaryCounts _counts;
    private CompensatedSum _weight;
    private CompensatedSum _logLoss;
    private CompensatedSum _squaredError;

    /// <summary>An accumulator that has seen no row.</summary>
    /// <param name="threshold">A row is predicted positive from this probability on, <c>probability ≥ threshold</c>.</param>
    /// <exception cref="ArgumentException">The threshold is NaN.</exception>
    public BinaryAccumulator(double threshold = 0.5)
    {
        RowChecks.Threshold(threshold);
        Threshold = threshold;
    }

    /// <summary>The probability from which on a row is predicted positive.</summary>
    public double Threshold { get; }

    /// <summary>How many rows were added, those of weight 0 too.</summary>
    public long Rows { get; private set; }

    /// <summary>What the added rows weigh together.</summary>
    public double Weight => _weight.Value;

    /// <summary>The weight of the positive rows predicted positive.</summary>
    public double TruePositives => _counts.TruePositives;

    /// <summary>The weight of the negative rows predicted positive.</summary>
    public double FalsePositives => _counts.FalsePositives;

    /// <summary>The weight of the positive rows predicted negative.</summary>
    public double FalseNegatives => _counts.FalseNegatives;

    /// <summary>The weight of the negative rows predicted negative.</summary>
    public double TrueNegatives => _counts.TrueNegatives;

    /// <summary>The share of rows predicted right.</summary>
    public double Accuracy => _counts.Accuracy;

    /// <summary>The share of the rows predicted positive that are positive; 0 if there is none.</summary>
    public double Precision => _counts.Precision(0);

    /// <summary>The share of the positive rows that are predicted positive; 0 if there is none.</summary>
    public double Recall => _counts.Recall(0);

    /// <summary>The harmonic mean of precision and recall; 0 if no row is positive or predicted so.</summary>
    public double F1 => _counts.FBeta(1, 0);

    /// <summary>The mean of −ln(probability that the model gave to what happened), in nats.</summary>
    public double LogLoss => _logLoss.Value / _weight.Value;

    /// <summary>The mean of (probability − outcome)².</summary>
    public double BrierScore => _squaredError.Value / _weight.Value;

    /// <summary>Adds a row.</summary>
    /// <param name="label">Whether it is positive.</param>
    /// <param name="probability">The model's probability that it is, 0 to 1.</param>
    /// <param name="weight">Its weight, finite and not negative.</param>
    /// <exception cref="ArgumentException">The probability or the weight is out of its range or NaN.</exception>
    public void Add(bool label, double probability, double weight = 1)
    {
        RowChecks.Probability(probability, nameof(probability));
        RowChecks.Weight(weight);
        AddChecked(label, probability, weight);
    }

    /// <summary>Adds rows: all of them, or none where an argument is refused. No rows add nothing.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="weights">The weights, finite and not negative; empty for 1.</param>
    /// <exception cref="ArgumentException">The spans have different lengths, or a probability or a weight is out of its range or NaN; the message says at which index.</exception>
    public void Add(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> weights = default)
    {
        RowChecks.SameLength(labels.Length, nameof(labels), probabilities.Length, nameof(probabilities));
        RowChecks.Probabilities(probabilities, nameof(probabilities));
        RowChecks.Weights(weights, labels.Length, nameof(labels));
        for (int row = 0; row < labels.Length; row++)
            AddChecked(labels[row], probabilities[row], weights.IsEmpty ? 1 : weights[row]);
    }

    /// <summary>Adds all rows of another accumulator, which stays as it is.</summary>
    /// <param name="other">An accumulator with the same threshold.</param>
    /// <exception cref="ArgumentException">The thresholds differ.</exception>
    public void Merge(BinaryAccumulator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Threshold != Threshold)
            throw new ArgumentException(FormattableString.Invariant($"The other accumulator has threshold {other.Threshold}, this one {Threshold}; merge accumulators of one threshold."), nameof(other));
        _counts.Add(other._counts);
        _weight.Add(other._weight);
        _logLoss.Add(other._logLoss);
        _squaredError.Add(other._squaredError);
        Rows += other.Rows;
    }

    /// <summary>Forgets all rows.</summary>
    public void Reset()
    {
        (_counts, _weight, _logLoss, _squaredError) = (default, default, default, default);
        Rows = 0;
    }

    private void AddChecked(bool label, double probability, double weight)
    {
        _counts.Add(label, probability >= Threshold, weight);
        _weight.Add(weight);
        _logLoss.Add(weight * ClassificationMetrics.LogLoss(label, probability));
        _squaredError.Add(weight * ClassificationMetrics.SquaredError(label, probability));
        Rows++;
    }
}
