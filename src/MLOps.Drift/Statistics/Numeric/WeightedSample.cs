namespace MLOps.Drift.Statistics;

/// <summary>A sample whose values weigh differently: sorted, with the weight up to and including each value.</summary>
internal sealed class WeightedSample
{
    private readonly double[] _cumulated;

    private WeightedSample(Sample sample, double[] cumulated) => (Sample, _cumulated) = (sample, cumulated);

    /// <summary>The values that have a weight.</summary>
    public Sample Sample { get; }

    public static WeightedSample Of(ReadOnlySpan<double> values, ReadOnlySpan<double> weights, string weightsName)
    {
        if (values.Length != weights.Length)
            throw new ArgumentException($"{values.Length} values and {weights.Length} weights: they must be as many.", weightsName);
        double largest = 0;
        foreach (double weight in weights)
        {
            if (!(weight >= 0) || double.IsInfinity(weight))
                throw new ArgumentOutOfRangeException(weightsName, weight, "A weight is 0 or more, and finite.");
            largest = Math.Max(largest, weight);
        }

        // Divided by the largest, they add up to what a double holds.
        double[] kept = new double[values.Length], order = new double[values.Length];
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (weights[i] > 0 || double.IsNaN(values[i]))
                (order[count], kept[count++]) = (values[i], weights[i] / largest);
        }

        Sample sample = Sample.Of(order.AsSpan(0, count));
        int present = 0;
        for (int i = 0; i < count; i++)
        {
            if (!double.IsNaN(order[i]))
                (order[present], kept[present++]) = (order[i], kept[i]);
        }

        Array.Sort(order, kept, 0, present);
        for (int i = 1; i < present; i++)
            kept[i] += kept[i - 1];
        return new WeightedSample(sample, kept[..present]);
    }

    /// <summary>∫ f(F − G) dx over the axis, the values multiplied by a scale.</summary>
    public double Integrate(WeightedSample other, double scale, Func<double, double> f)
    {
        ReadOnlySpan<double> first = Sample.Sorted, second = other.Sample.Sorted;
        int i = 0, j = 0;
        double last = Math.Min(first[0], second[0]) * scale, sum = 0;
        while (i < first.Length && j < second.Length)
        {
            double value = Math.Min(first[i], second[j]), at = value * scale;
            sum += (at - last) * f(UpTo(i) - other.UpTo(j));
            last = at;
            i += first[i] == value ? 1 : 0;
            j += j < second.Length && second[j] == value ? 1 : 0;
        }

        // Where one is used up, its function is 1.
        for (; i < first.Length; i++)
        {
            sum += ((first[i] * scale) - last) * f(UpTo(i) - 1);
            last = first[i] * scale;
        }

        for (; j < second.Length; j++)
        {
            sum += ((second[j] * scale) - last) * f(1 - other.UpTo(j));
            last = second[j] * scale;
        }

        return sum;
    }

    /// <summary>The weighted standard deviation, with the weights as frequencies.</summary>
    public double PopulationDeviation()
    {
        ReadOnlySpan<double> values = Sample.Sorted;
        double scale = Sample.CommonScale(values, []), mean = 0, squares = 0;
        for (int i = 0; i < values.Length; i++)
            mean += (UpTo(i + 1) - UpTo(i)) * (values[i] * scale);
        for (int i = 0; i < values.Length; i++)
            squares += (UpTo(i + 1) - UpTo(i)) * Math.Pow((values[i] * scale) - mean, 2);
        return values[0] == values[^1] ? 0 : Math.Sqrt(squares) / scale;
    }

    /// <summary>The share of the weight that the first values have.</summary>
    private double UpTo(int count) => count == 0 ? 0 : _cumulated[count - 1] / _cumulated[^1];
}
