namespace MLOps.Tracking.Evaluation;

/// <summary>The metrics of a regression while its rows stream by.</summary>
/// <remarks>
/// <para>The definitions are those of <see cref="RegressionMetrics"/>, and so are the results, to rounding, in whatever order and portions the rows come: the sums are compensated, and the
/// spread of the targets is updated, not taken as a difference of large sums. Accumulators of parts of the data merge into that of all. Before the first row with a weight, metrics are NaN.</para>
/// <para>Memory: about 150 bytes; adding allocates nothing. Not thread-safe: one per thread, merged at the end.</para>
/// </remarks>
public sealed class RegressionAccumulator
{
    private CompensatedSum _weight;
    private CompensatedSum _squaredErrors;
    private CompensatedSum _tooLittle;
    private CompensatedSum _tooMuch;
    private TargetSpread _targets;

    /// <summary>How many rows were added, those of weight 0 too.</summary>
    public long Rows { get; private set; }

    /// <summary>What the added rows weigh together.</summary>
    public double Weight => _weight.Value;

    /// <summary>The mean of (prediction − target)².</summary>
    public double MeanSquaredError => _squaredErrors.Value / _weight.Value;

    /// <summary>The square root of <see cref="MeanSquaredError"/>.</summary>
    public double RootMeanSquaredError => Math.Sqrt(MeanSquaredError);

    /// <summary>The mean of |prediction − target|.</summary>
    public double MeanAbsoluteError => (_tooLittle.Value + _tooMuch.Value) / _weight.Value;

    /// <summary>The coefficient of determination, by the rules of <see cref="RegressionMetrics.RSquared(ReadOnlySpan{double}, ReadOnlySpan{double}, ReadOnlySpan{double})"/>.</summary>
    public double RSquared => RegressionMetrics.RSquared(_squaredErrors.Value, _targets);

    /// <summary>The quantile loss of the rows added so far, for any quantile.</summary>
    /// <param name="quantile">The quantile that the model predicts, 0 to 1.</param>
    /// <returns>0 or more, in the target's unit.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="quantile"/> is outside [0, 1] or NaN.</exception>
    public double PinballLoss(double quantile)
    {
        RegressionMetrics.CheckQuantile(quantile);
        return ((quantile * _tooLittle.Value) + ((1 - quantile) * _tooMuch.Value)) / _weight.Value;
    }

    /// <summary>Adds a row.</summary>
    /// <param name="target">What happened.</param>
    /// <param name="prediction">What the model said.</param>
    /// <param name="weight">Its weight, finite and not negative.</param>
    /// <exception cref="ArgumentException">A number is NaN or infinite, or the weight is negative.</exception>
    public void Add(double target, double prediction, double weight = 1)
    {
        RowChecks.Finite(target, nameof(target));
        RowChecks.Finite(prediction, nameof(prediction));
        RowChecks.Weight(weight);
        AddChecked(target, prediction, weight);
    }

    /// <summary>Adds rows: all of them, or none where an argument is refused. No rows add nothing.</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">What the model said.</param>
    /// <param name="weights">The weights, finite and not negative; empty for 1.</param>
    /// <exception cref="ArgumentException">The spans have different lengths, a number is NaN or infinite, or a weight is negative; the message says at which index.</exception>
    public void Add(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights = default)
    {
        if (targets.IsEmpty && predictions.IsEmpty && weights.IsEmpty)
            return;
        RegressionMetrics.Check(targets, predictions, weights);
        for (int row = 0; row < targets.Length; row++)
            AddChecked(targets[row], predictions[row], weights.IsEmpty ? 1 : weights[row]);
    }

    /// <summary>Adds all rows of another accumulator, which stays as it is.</summary>
    /// <param name="other">The other accumulator.</param>
    public void Merge(RegressionAccumulator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _weight.Add(other._weight);
        _squaredErrors.Add(other._squaredErrors);
        _tooLittle.Add(other._tooLittle);
        _tooMuch.Add(other._tooMuch);
        _targets.Add(other._targets);
        Rows += other.Rows;
    }

    /// <summary>Forgets all rows.</summary>
    public void Reset()
    {
        (_weight, _squaredErrors, _tooLittle, _tooMuch, _targets) = (default, default, default, default, default);
        Rows = 0;
    }

    private void AddChecked(double target, double prediction, double weight)
    {
        double error = target - prediction;
        _weight.Add(weight);
        _squaredErrors.Add(weight * (error * error));
        if (error >= 0)
            _tooLittle.Add(weight * error);
        else
            _tooMuch.Add(weight * -error);
        _targets.Add(target, weight);
        Rows++;
    }
}
