using System.Buffers;

namespace MLOps.Tracking.Evaluation;

/// <summary>
/// Walks the distinct scores from the highest down and counts the positive and the negative rows that pass each as a threshold.
/// Rows of weight 0 are as absent.
/// </summary>
/// <remarks>
/// Positive and negative scores are sorted apart and merged while walking: without weights that is a sort of plain numbers, faster than one that carries labels along.
/// Weights are scaled by a power of two, which is exact, so that no product of two sums overflows or vanishes.
/// </remarks>
internal ref struct RankedScores
{
    private readonly double[] _scores;
    private readonly double[]? _weights;
    private readonly int _firstNegative;
    private int _positivesEnd;
    private int _negativesEnd;
    private CompensatedSum _truePositives;
    private CompensatedSum _falsePositives;

    public RankedScores(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights)
    {
        RowChecks.NotEmpty(labels.Length, nameof(labels));
        RowChecks.SameLength(labels.Length, nameof(labels), scores.Length, nameof(scores));
        RowChecks.NoNaN(scores, nameof(scores));
        double scale = UnitScale(RowChecks.Weights(weights, labels.Length, nameof(labels)));

        _scores = ArrayPool<double>.Shared.Rent(labels.Length);
        _weights = weights.IsEmpty ? null : ArrayPool<double>.Shared.Rent(labels.Length);
        _firstNegative = _negativesEnd = labels.Length;
        for (int row = 0; row < labels.Length; row++)
        {
            if (!weights.IsEmpty && weights[row] == 0)
                continue;
            int at = labels[row] ? _positivesEnd++ : --_firstNegative;
            _scores[at] = scores[row];
            if (_weights is not null)
                _weights[at] = weights[row] * scale;
        }

        Positives = SortAndSum(0, _positivesEnd);
        Negatives = SortAndSum(_firstNegative, _negativesEnd);
    }

    /// <summary>The weight of all positive rows, scaled as every weight here.</summary>
    public double Positives { get; }

    /// <summary>The weight of all negative rows.</summary>
    public double Negatives { get; }

    /// <summary>The score that the walk has reached.</summary>
    public double Score { get; private set; }

    /// <summary>The weight of the positive rows with this score or a higher one; exactly <see cref="Positives"/> at the end.</summary>
    public readonly double TruePositives => _truePositives.Value;

    /// <summary>The weight of the negative rows with this score or a higher one; exactly <see cref="Negatives"/> at the end.</summary>
    public readonly double FalsePositives => _falsePositives.Value;

    /// <summary>A power of two that brings a sum of weights near 1; 1 for a sum of 0.</summary>
    public static double UnitScale(double total) => total == 0 ? 1 : Math.ScaleB(1, Math.Min(1023, -Math.ILogB(total)));

    /// <summary>How many scores the walk has still to pass.</summary>
    public readonly int CountDistinct()
    {
        RankedScores walk = this;
        int count = 0;
        while (walk.MoveNext())
            count++;
        return count;
    }

    public bool MoveNext()
    {
        bool hasPositive = _positivesEnd > 0, hasNegative = _negativesEnd > _firstNegative;
        if (!hasPositive && !hasNegative)
            return false;
        Score = hasPositive && (!hasNegative || _scores[_positivesEnd - 1] >= _scores[_negativesEnd - 1]) ? _scores[_positivesEnd - 1] : _scores[_negativesEnd - 1];
        while (_positivesEnd > 0 && _scores[_positivesEnd - 1] == Score)
            _truePositives.Add(WeightAt(--_positivesEnd));
        while (_negativesEnd > _firstNegative && _scores[_negativesEnd - 1] == Score)
            _falsePositives.Add(WeightAt(--_negativesEnd));
        return true;
    }

    public readonly void Dispose()
    {
        ArrayPool<double>.Shared.Return(_scores);
        if (_weights is not null)
            ArrayPool<double>.Shared.Return(_weights);
    }

    private readonly double WeightAt(int at) => _weights is null ? 1 : _weights[at];

    // The sum runs in the order of the walk, so that the walk ends on it to the last bit.
    private readonly double SortAndSum(int start, int end)
    {
        Span<double> scores = _scores.AsSpan(start..end);
        if (_weights is null)
            scores.Sort();
        else
            scores.Sort(_weights.AsSpan(start..end));
        CompensatedSum sum = default;
        for (int at = end - 1; at >= start; at--)
            sum.Add(WeightAt(at));
        return sum.Value;
    }
}
