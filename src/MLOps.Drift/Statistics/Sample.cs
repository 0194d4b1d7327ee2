namespace MLOps.Drift.Statistics;

/// <summary>
/// A numeric column made ready once for all methods that compare it: sorted, missing values counted and left out. Prepare the reference once and hand it to every
/// test against it; and when several methods compare the same current values, prepare those as well.
/// </summary>
/// <remarks>Immutable and safe for any number of threads. Takes 8 bytes a value. −0.0 is 0.0. Infinities are values: the smallest and the largest.</remarks>
public sealed class Sample
{
    private readonly double[] _sorted;

    private Sample(double[] sorted, long missing) => (_sorted, Missing) = (sorted, missing);

    /// <summary>Sorts a copy of a column.</summary>
    /// <param name="values">The column in any order; NaN is missing.</param>
    /// <returns>The sample.</returns>
    public static Sample Of(ReadOnlySpan<double> values)
    {
        double[] sorted = new double[values.Length];
        int count = 0;
        foreach (double value in values)
        {
            if (!double.IsNaN(value))
                sorted[count++] = value + 0.0;
        }

        Array.Resize(ref sorted, count);
        Array.Sort(sorted);
        return new Sample(sorted, values.Length - count);
    }

    /// <summary>How many values there are, missing ones left out.</summary>
    public int Count => _sorted.Length;

    /// <summary>How many values were NaN.</summary>
    public long Missing { get; }

    /// <summary>The values in ascending order, without NaN.</summary>
    public ReadOnlySpan<double> Sorted => _sorted;

    /// <summary>How many values are infinite.</summary>
    public int Infinite
    {
        get
        {
            int low = 0, high = _sorted.Length;
            while (low < high && double.IsNegativeInfinity(_sorted[low]))
                low++;
            while (high > low && double.IsPositiveInfinity(_sorted[high - 1]))
                high--;
            return low + (_sorted.Length - high);
        }
    }
}
