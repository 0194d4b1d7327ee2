namespace MLOps.Tracking.Evaluation;

/// <summary>Metrics of regressions over whole columns: targets and predictions in, one number out.</summary>
/// <remarks>
/// <para>Definitions, and results to rounding, are those of scikit-learn.</para>
/// <para>Rules of all members. No row, or arguments with different numbers of rows: <see cref="ArgumentException"/> with the numbers. A target or a prediction that is NaN or infinite:
/// <see cref="ArgumentException"/> with its index; no row is ever dropped. Weights are finite and not negative, with a finite sum; an empty span makes every row weigh 1. A row of weight 0 counts as
/// absent, a row of weight 2 as two rows; if no row has a weight, the answer is NaN. A square that is too large for double, from errors of about 10¹⁵⁴ on, makes the metric infinite.</para>
/// <para>Pure functions, which any threads may call. None allocates.</para>
/// </remarks>
public static class RegressionMetrics
{
    /// <summary>The mean of (prediction − target)².</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">What the model said.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 or more, in the square of the target's unit; lower is better.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="RegressionMetrics"/>.</exception>
    public static double MeanSquaredError(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights = default)
    {
        double total = Check(targets, predictions, weights);
        CompensatedSum sum = default;
        for (int row = 0; row < targets.Length; row++)
        {
            double error = targets[row] - predictions[row];
            sum.Add(Weight(weights, row) * (error * error));
        }

        return sum.Value / total;
    }

    /// <summary>The square root of <see cref="MeanSquaredError"/>.</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">What the model said.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 or more, in the target's unit; lower is better.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="RegressionMetrics"/>.</exception>
    public static double RootMeanSquaredError(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights = default) =>
        Math.Sqrt(MeanSquaredError(targets, predictions, weights));

    /// <summary>The mean of |prediction − target|.</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">What the model said.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 or more, in the target's unit; lower is better.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="RegressionMetrics"/>.</exception>
    public static double MeanAbsoluteError(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights = default)
    {
        double total = Check(targets, predictions, weights);
        CompensatedSum sum = default;
        for (int row = 0; row < targets.Length; row++)
            sum.Add(Weight(weights, row) * Math.Abs(targets[row] - predictions[row]));
        return sum.Value / total;
    }

    /// <summary>The coefficient of determination: 1 − Σ w (target − prediction)² / Σ w (target − mean target)².</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">What the model said.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>At most 1, higher is better; 0 is the constant mean, below it is worse than that. Where all targets are equal: 1 if every prediction is right, else 0. NaN for fewer than two rows with a weight.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="RegressionMetrics"/>.</exception>
    /// <remarks>scikit-learn's <c>r2_score</c>.</remarks>
    public static double RSquared(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights = default)
    {
        Check(targets, predictions, weights);
        CompensatedSum squaredErrors = default;
        TargetSpread spread = default;
        for (int row = 0; row < targets.Length; row++)
        {
            double weight = Weight(weights, row), error = targets[row] - predictions[row];
            squaredErrors.Add(weight * (error * error));
            spread.Add(targets[row], weight);
        }

        return RSquared(squaredErrors.Value, spread);
    }

    /// <summary>The quantile loss: the mean of q × (target − prediction) where the model said too little, and of (1 − q) × (prediction − target) where it said too much.</summary>
    /// <param name="targets">What happened.</param>
    /// <param name="predictions">The model's <paramref name="quantile"/> quantile of the target.</param>
    /// <param name="quantile">q, 0 to 1; 0.5 is half the mean absolute error.</param>
    /// <param name="weights">The weight of each row; empty for 1.</param>
    /// <returns>0 or more, in the target's unit; lower is better.</returns>
    /// <exception cref="ArgumentException">The rows break a rule of <see cref="RegressionMetrics"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="quantile"/> is outside [0, 1] or NaN.</exception>
    /// <remarks>Source: Koenker and Bassett (1978), Econometrica 46, 33–50; scikit-learn's <c>mean_pinball_loss</c>.</remarks>
    public static double PinballLoss(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, double quantile, ReadOnlySpan<double> weights = default)
    {
        CheckQuantile(quantile);
        double total = Check(targets, predictions, weights);
        CompensatedSum sum = default;
        for (int row = 0; row < targets.Length; row++)
        {
            double error = targets[row] - predictions[row];
            sum.Add(Weight(weights, row) * (error >= 0 ? quantile * error : (quantile - 1) * error));
        }

        return sum.Value / total;
    }

    internal static double RSquared(double squaredErrors, TargetSpread targets)
    {
        if (targets.Rows < 2)
            return double.NaN;
        if (targets.SquaredDeviations == 0)
            return squaredErrors == 0 ? 1 : 0;
        return 1 - (squaredErrors / targets.SquaredDeviations);
    }

    internal static void CheckQuantile(double quantile)
    {
        if (quantile is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(quantile), quantile, "A quantile is 0 to 1.");
    }

    internal static double Check(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights)
    {
        RowChecks.NotEmpty(targets.Length, nameof(targets));
        RowChecks.SameLength(targets.Length, nameof(targets), predictions.Length, nameof(predictions));
        RowChecks.Finite(targets, nameof(targets));
        RowChecks.Finite(predictions, nameof(predictions));
        return RowChecks.Weights(weights, targets.Length, nameof(targets));
    }

    private static double Weight(ReadOnlySpan<double> weights, int row) => weights.IsEmpty ? 1 : weights[row];
}
