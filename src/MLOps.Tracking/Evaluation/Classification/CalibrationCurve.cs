using System.Buffers;

namespace MLOps.Tracking.Evaluation;

/// <summary>Whether probabilities mean what they say: in bins of similar probability, the mean prediction beside the share of rows that are positive. Also called reliability diagram.</summary>
/// <remarks>scikit-learn's <c>calibration_curve</c>: a bin holds its upper edge, the first one its lower edge too, and bins without rows are left out. Immutable.</remarks>
public sealed class CalibrationCurve
{
    private const int MostBins = 10_000;

    private CalibrationCurve(IReadOnlyList<Bin> bins)
    {
        Bins = bins;
        CompensatedSum weight = default, gap = default;
        foreach (Bin bin in bins)
        {
            weight.Add(bin.Weight);
            gap.Add(bin.Weight * Math.Abs(bin.PositiveRate - bin.MeanPrediction));
        }

        ExpectedCalibrationError = gap.Value / weight.Value;
    }

    /// <summary>The bins that have rows, from the lowest probability up; none if no row has a weight.</summary>
    public IReadOnlyList<Bin> Bins { get; }

    /// <summary>The mean gap between what was predicted and what happened: Σ weight × |positive rate − mean prediction| / Σ weight over the bins. 0 to 1, lower is better; NaN if no row has a weight.</summary>
    /// <remarks>Depends on the bins: compare values of the same kind and number of bins. Source: Naeini, Cooper and Hauskrecht (2015), AAAI.</remarks>
    public double ExpectedCalibrationError { get; }

    /// <summary>Bins of equal width between 0 and 1.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="bins">How many bins, 1 to 10,000. Default 10.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>The curve.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or a probability is outside [0, 1].</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bins"/> is out of its range.</exception>
    public static CalibrationCurve Uniform(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, int bins = 10, ReadOnlySpan<double> weights = default)
    {
        Check(labels, probabilities, bins, weights);
        var edges = new double[bins + 1];
        for (int edge = 0; edge <= bins; edge++)
            edges[edge] = (double)edge / bins;
        return Of(labels, probabilities, weights, edges);
    }

    /// <summary>Bins of about equal weight: their edges are quantiles of the probabilities.</summary>
    /// <param name="labels">Which rows are positive.</param>
    /// <param name="probabilities">The probability that each row is positive, 0 to 1.</param>
    /// <param name="bins">How many bins, 1 to 10,000; where many rows have one probability, fewer come out. Default 10.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>The curve.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="ClassificationMetrics"/>, or a probability is outside [0, 1].</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bins"/> is out of its range.</exception>
    /// <remarks>
    /// Without weights a quantile lies between two rows by linear interpolation, as in scikit-learn. With weights, which scikit-learn does not take here, it is the lowest probability up to which lies
    /// at least that share of the weight: NumPy's only weighted quantile, <c>inverted_cdf</c>.
    /// </remarks>
    public static CalibrationCurve Quantile(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, int bins = 10, ReadOnlySpan<double> weights = default)
    {
        double total = Check(labels, probabilities, bins, weights);
        double[] sorted = ArrayPool<double>.Shared.Rent(probabilities.Length), sortedWeights = ArrayPool<double>.Shared.Rent(weights.Length);
        probabilities.CopyTo(sorted);
        weights.CopyTo(sortedWeights);
        double[] edges = weights.IsEmpty
            ? Quantiles(sorted.AsSpan(0, probabilities.Length), bins)
            : Quantiles(sorted.AsSpan(0, probabilities.Length), sortedWeights.AsSpan(0, weights.Length), total, bins);
        ArrayPool<double>.Shared.Return(sorted);
        ArrayPool<double>.Shared.Return(sortedWeights);
        return Of(labels, probabilities, weights, edges);
    }

    private static double Check(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, int bins, ReadOnlySpan<double> weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, MostBins);
        return ClassificationMetrics.CheckProbabilities(labels, probabilities, weights);
    }

    private static double[] Quantiles(Span<double> values, int bins)
    {
        values.Sort();
        var edges = new double[bins + 1];
        for (int edge = 0; edge <= bins; edge++)
        {
            // The position is edge × (n − 1) / bins; its whole part is taken in integers, so that no rounding moves a row to the next bin.
            (long below, long rest) = Math.DivRem((long)edge * (values.Length - 1), bins);
            double low = values[(int)below];
            edges[edge] = rest == 0 ? low : low + ((values[(int)below + 1] - low) * rest / bins);
        }

        return edges;
    }

    private static double[] Quantiles(Span<double> values, Span<double> weights, double total, int bins)
    {
        values.Sort(weights);
        var edges = new double[bins + 1];
        CompensatedSum below = default;
        int row = -1;
        for (int edge = 0; edge <= bins; edge++)
        {
            while (row < 0 || (row < values.Length - 1 && below.Value < total * edge / bins))
                below.Add(weights[++row]);
            edges[edge] = values[row];
        }

        return edges;
    }

    private static CalibrationCurve Of(ReadOnlySpan<bool> labels, ReadOnlySpan<double> probabilities, ReadOnlySpan<double> weights, double[] edges)
    {
        var sums = new BinSums[edges.Length - 1];
        ReadOnlySpan<double> inner = edges.AsSpan(1, edges.Length - 2);
        for (int row = 0; row < labels.Length; row++)
        {
            double weight = weights.IsEmpty ? 1 : weights[row];
            if (weight > 0)
                sums[LowerBound(inner, probabilities[row])].Add(labels[row], probabilities[row], weight);
        }

        List<Bin> bins = [];
        for (int bin = 0; bin < sums.Length; bin++)
        {
            if (sums[bin].Rows > 0)
                bins.Add(sums[bin].ToBin(edges[bin], edges[bin + 1]));
        }

        return new CalibrationCurve(bins);
    }

    /// <summary>How many edges lie below a value.</summary>
    private static int LowerBound(ReadOnlySpan<double> edges, double value)
    {
        int low = 0, high = edges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (edges[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>One bin of a calibration curve.</summary>
    /// <param name="Lower">Its lower edge, 0 to 1; only the first bin holds it.</param>
    /// <param name="Upper">Its upper edge, 0 to 1, which it holds.</param>
    /// <param name="Rows">How many rows with a weight it has, 1 or more.</param>
    /// <param name="Weight">What they weigh together.</param>
    /// <param name="MeanPrediction">The weighted mean of their probabilities.</param>
    /// <param name="PositiveRate">The weighted share of them that is positive.</param>
    public readonly record struct Bin(double Lower, double Upper, long Rows, double Weight, double MeanPrediction, double PositiveRate);

    private struct BinSums
    {
        private CompensatedSum _weight;
        private CompensatedSum _predictions;
        private CompensatedSum _positives;

        public long Rows { get; private set; }

        public void Add(bool label, double probability, double weight)
        {
            Rows++;
            _weight.Add(weight);
            _predictions.Add(weight * probability);
            if (label)
                _positives.Add(weight);
        }

        public readonly Bin ToBin(double lower, double upper) =>
            new(lower, upper, Rows, _weight.Value, _predictions.Value / _weight.Value, _positives.Value / _weight.Value);
    }
}
