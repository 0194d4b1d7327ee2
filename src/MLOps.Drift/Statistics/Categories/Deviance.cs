namespace MLOps.Drift.Statistics;

/// <summary>
/// o·ln(o/e) − o + e, a count's share in a log-likelihood ratio: 0 or more, and as small as (o − e)² / 2e near e. Summed over counts and expectations of equal totals it is Σ o·ln(o/e),
/// without the cancellation: those terms are as large as the differences, these as their squares.
/// </summary>
/// <remarks>Source: Loader (2000), Fast and Accurate Computation of Binomial Probabilities, where half of it is D₀.</remarks>
internal static class Deviance
{
    /// <param name="observed">o, 0 or more.</param>
    /// <param name="expected">e, positive.</param>
    /// <param name="difference">o − e, which the caller knows better than a subtraction would.</param>
    public static double Of(double observed, double expected, double difference)
    {
        if (observed == 0)
            return expected;
        double x = difference / expected;
        if (Math.Abs(x) >= 0.125)
            return (observed * Math.Log(observed / expected)) - difference;

        // With v = x / (2 + x): (1 + x) ln(1 + x) − x = x (v + (1 + v)(v²/3 + v⁴/5 + …)).
        double v = x / (2 + x), square = v * v, power = square, sum = square / 3;
        for (int divisor = 5; power > 1e-18; divisor += 2)
        {
            power *= square;
            sum += power / divisor;
        }

        return difference * (v + ((1 + v) * sum));
    }
}
