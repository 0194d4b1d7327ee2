namespace MLOps.Drift.Statistics;

/// <summary>Mean and standard deviation (ddof 0) of each column of a reference, to standardise rows by: z = (x − mean) / deviation.</summary>
/// <remarks>
/// Missing values are left out of mean and deviation and become z = 0. A constant column has its own value as mean and 1 as deviation, so that rows that leave the constant show it;
/// a column without any value has deviation ∞, so that it counts for nothing.
/// </remarks>
internal sealed class ColumnScaling
{
    private readonly double[] _means;
    private readonly double[] _deviations;

    private ColumnScaling(double[] means, double[] deviations, int varying) => (_means, _deviations, Varying) = (means, deviations, varying);

    /// <summary>How many columns have different values; −1 when a mean or a deviation has overflown.</summary>
    public int Varying { get; }

    public bool Overflows => Varying < 0;

    /// <summary>Leaves values as they are.</summary>
    public static ColumnScaling None(int columns)
    {
        double[] ones = new double[columns];
        Array.Fill(ones, 1);
        return new ColumnScaling(new double[columns], ones, columns);
    }

    /// <param name="reference">Without infinities.</param>
    public static ColumnScaling Of(FeatureMatrix reference)
    {
        int columns = reference.Columns, varying = 0;
        double[] means = new double[columns], deviations = new double[columns], column = new double[reference.Rows];
        bool overflows = false;
        for (int at = 0; at < columns; at++)
        {
            ReadOnlySpan<double> values = Present(reference, at, column);
            (means[at], deviations[at]) = Of(values);
            overflows |= !double.IsFinite(means[at]) || (!double.IsFinite(deviations[at]) && !values.IsEmpty);
            if (!values.IsEmpty && values.ContainsAnyExcept(values[0]))
                varying++;
        }

        return new ColumnScaling(means, deviations, overflows ? -1 : varying);
    }

    public void Apply(ReadOnlySpan<double> row, Span<double> standardised)
    {
        for (int column = 0; column < _means.Length; column++)
        {
            double value = row[column];
            standardised[column] = double.IsNaN(value) ? 0 : (value - _means[column]) / _deviations[column];
        }
    }

    private static ReadOnlySpan<double> Present(FeatureMatrix matrix, int column, double[] into)
    {
        int count = 0;
        ReadOnlySpan<double> values = matrix.Values;
        for (int at = column; at < values.Length; at += matrix.Columns)
        {
            // −0.0 is 0.0, so that the two make no column vary.
            if (!double.IsNaN(values[at]))
                into[count++] = values[at] + 0.0;
        }

        return into.AsSpan(0, count);
    }

    private static (double Mean, double Deviation) Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return (0, double.PositiveInfinity);
        if (!values.ContainsAnyExcept(values[0]))
            return (values[0], 1);

        // Scaled by the largest difference, squares neither overflow nor vanish.
        double mean = Descriptive.Mean(values), largest = 0, sum = 0;
        foreach (double value in values)
            largest = Math.Max(largest, Math.Abs(value - mean));
        foreach (double value in values)
            sum += (value - mean) / largest * ((value - mean) / largest);
        double deviation = largest * Math.Sqrt(sum / values.Length);
        return (mean, deviation == 0 ? largest : deviation);
    }
}
