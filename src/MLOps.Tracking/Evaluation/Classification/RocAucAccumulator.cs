namespace MLOps.Tracking.Evaluation;

/// <summary>The area under the ROC curve while rows stream by, in bounded memory, with a bound on its error.</summary>
/// <remarks>
/// <para>Keeps two histograms of the probabilities over [0, 1], of the positive and of the negative rows, and takes rows of one bin for ties. Only pairs within a bin can be taken wrongly, each by one half at most,
/// so the area of <see cref="ClassificationMetrics.RocAuc(ReadOnlySpan{bool}, ReadOnlySpan{double}, ReadOnlySpan{double})"/> lies within <see cref="ErrorBound"/> of <see cref="RocAuc"/>, whatever the data.
/// With b bins and smooth densities of the probabilities the bound is about 1 / (2 b) times the integral of their product; it grows where a model gives almost only probabilities very near 0 or 1. It is 0 where no bin has rows of both kinds.</para>
/// <para>Memory: 32 bytes × bins, 128 KiB by default; adding allocates nothing. Not thread-safe: one per thread, merged at the end.</para>
/// </remarks>
public sealed class RocAucAccumulator
{
    private const int MostBins = 1 << 24;
    private readonly CompensatedSum[] _positives;
    private readonly CompensatedSum[] _negatives;

    /// <summary>An accumulator that has seen no row.</summary>
    /// <param name="bins">How many bins the histograms have, 1 to 2²⁴. Default 4,096.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bins"/> is out of its range.</exception>
    public RocAucAccumulator(int bins = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, MostBins);
        (_positives, _negatives) = (new CompensatedSum[bins], new CompensatedSum[bins]);
    }

    /// <summary>How many rows were added, those of weight 0 too.</summary>
    public long Rows { get; private set; }

    /// <summary>The area under the ROC curve, 0 to 1; NaN as long as the rows are of one class only.</summary>
    public double RocAuc => Measure().Area;

    /// <summary>How far <see cref="RocAuc"/> may be from the exact area, beside rounding; 0 to 0.5: half the share of the pairs of a positive and a negative row that fell into one bin. NaN where <see cref="RocAuc"/> is.</summary>
    public double ErrorBound => Measure().Error;

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
    /// <param name="other">An accumulator with as many bins.</param>
    /// <exception cref="ArgumentException">The numbers of bins differ.</exception>
    public void Merge(RocAucAccumulator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._positives.Length != _positives.Length)
            throw new ArgumentException($"The other accumulator has {other._positives.Length} bins, this one {_positives.Length}; merge accumulators with as many bins.", nameof(other));
        for (int bin = 0; bin < _positives.Length; bin++)
        {
            _positives[bin].Add(other._positives[bin]);
            _negatives[bin].Add(other._negatives[bin]);
        }

        Rows += other.Rows;
    }

    /// <summary>Forgets all rows.</summary>
    public void Reset()
    {
        Array.Clear(_positives);
        Array.Clear(_negatives);
        Rows = 0;
    }

    private void AddChecked(bool label, double probability, double weight)
    {
        CompensatedSum[] histogram = label ? _positives : _negatives;
        histogram[Math.Min((int)(probability * histogram.Length), histogram.Length - 1)].Add(weight);
        Rows++;
    }

    private (double Area, double Error) Measure()
    {
        double positives = Sum(_positives), negatives = Sum(_negatives), scale = RankedScores.UnitScale(positives + negatives);
        double pairs = positives * scale * (negatives * scale);
        if (pairs == 0)
            return (double.NaN, double.NaN);
        CompensatedSum twiceTheArea = default, twiceTheError = default;
        double above = 0;
        for (int bin = _positives.Length - 1; bin >= 0; bin--)
        {
            double positive = _positives[bin].Value * scale, negative = _negatives[bin].Value * scale;
            twiceTheArea.Add(negative * ((2 * above) + positive));
            twiceTheError.Add(negative * positive);
            above += positive;
        }

        return (Math.Min(1, twiceTheArea.Value / 2 / pairs), twiceTheError.Value / 2 / pairs);
    }

    private static double Sum(CompensatedSum[] histogram)
    {
        CompensatedSum sum = default;
        foreach (CompensatedSum bin in histogram)
            sum.Add(bin);
        return sum.Value;
    }
}
