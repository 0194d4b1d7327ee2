namespace MLOps.Drift.Statistics;

/// <summary>Numbers that describe one sample.</summary>
public static class Descriptive
{
    /// <summary>A quantile by linear interpolation between order statistics, type 7 of Hyndman and Fan (1996), as numpy and R have by default.</summary>
    /// <param name="sorted">In ascending order, without NaN.</param>
    /// <param name="probability">0 to 1.</param>
    /// <returns>The quantile; NaN when the sample is empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The probability is NaN or outside [0, 1].</exception>
    public static double Quantile(ReadOnlySpan<double> sorted, double probability)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability is between 0 and 1.");
        if (sorted.IsEmpty)
            return double.NaN;
        double at = probability * (sorted.Length - 1);
        int below = (int)at;
        double fraction = at - below;
        if (fraction == 0 || sorted[below] == sorted[below + 1])
            return sorted[below];

        // numpy's form of the interpolation, so that edges are the same to the last bit.
        double low = sorted[below], high = sorted[below + 1], difference = high - low;
        return fraction >= 0.5 ? high - (difference * (1 - fraction)) : low + (difference * fraction);
    }

    /// <summary>The arithmetic mean.</summary>
    /// <param name="values">The values, none NaN.</param>
    /// <returns>The mean; NaN when there is no value.</returns>
    public static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
            sum += value;
        double mean = sum / values.Length;
        double rest = 0;
        foreach (double value in values)
            rest += value - mean;
        return mean + (rest / values.Length);
    }

    /// <summary>The variance: the sum of squared differences from the mean, divided by n − <paramref name="ddof"/>.</summary>
    /// <param name="values">The values, none NaN.</param>
    /// <param name="ddof">0 for the population's, 1 for the sample's.</param>
    /// <returns>The variance, 0 or more; NaN when there are <paramref name="ddof"/> values or fewer.</returns>
    public static double Variance(ReadOnlySpan<double> values, int ddof)
    {
        if (values.Length <= ddof)
            return double.NaN;
        double mean = Mean(values), sum = 0;
        foreach (double value in values)
            sum += (value - mean) * (value - mean);
        return sum / (values.Length - ddof);
    }
}
