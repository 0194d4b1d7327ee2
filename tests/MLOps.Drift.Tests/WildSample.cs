namespace MLOps.Drift.Tests;

/// <summary>Small samples of the values that break statistics: NaN, infinities, −0.0, subnormal and huge numbers, ties, constants, nothing at all.</summary>
internal static class WildSample
{
    private static readonly double[] Special =
    [
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.0, -0.0, double.Epsilon, -double.Epsilon, 2.3e-308, 1e-300, 1e308, -1e308, double.MaxValue, double.MinValue,
        1, -1, 1 + 2.3e-16, 0.1, 1e15, 1e16, 3,
    ];

    public static double[] Next(Random random, int most = 12)
    {
        double[] values = new double[random.Next(most + 1)];
        int kind = random.Next(6);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = kind switch
            {
                0 => Special[random.Next(Special.Length)],
                1 => random.Next(3),
                2 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                3 => values[0],
                4 => random.NextDouble() < 0.2 ? Special[random.Next(Special.Length)] : random.NextDouble(),
                _ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-5, 6)),
            };
            if (kind == 3 && i == 0)
                values[0] = Special[random.Next(Special.Length)];
        }

        return values;
    }

    /// <summary>Asks a question of many random pairs of samples; the message of a failure names seed and trial.</summary>
    public static void CheckPairs(int trials, Action<double[], double[]> check, int seed = 20261127)
    {
        Random random = new(seed);
        for (int trial = 0; trial < trials; trial++)
        {
            double[] reference = Next(random), current = Next(random);
            try
            {
                check(reference, current);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"seed {seed}, trial {trial}, reference [{Print(reference)}], current [{Print(current)}]: {error.Message}", error);
            }
        }
    }

    private static string Print(double[] values) => string.Join(", ", values.Select(value => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
}
