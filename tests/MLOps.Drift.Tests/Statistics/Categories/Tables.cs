using System.Numerics;
using System.Text.Json;

namespace MLOps.Drift.Tests.Statistics;

/// <summary>Tables of two rows for the tests: those of the vectors, random ones, and what whole numbers say about them exactly.</summary>
internal static class Tables
{
    public static CellCounts Of(long[] reference, long[] current) =>
        new([.. Enumerable.Range(0, reference.Length).Select(cell => $"level {cell}")], reference, current);

    public static CellCounts Of(VectorCase vector)
    {
        long[][] rows = [.. vector.Get("table").EnumerateArray().Select(row => row.EnumerateArray().Select(count => count.GetInt64()).ToArray())];
        return Of(rows[0], rows[1]);
    }

    public static bool Flag(VectorCase vector, string name) => vector.Params.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.False;

    public static Alternative AlternativeOf(VectorCase vector) => vector.Params.GetProperty("alternative").GetString() switch
    {
        "greater" => Alternative.Greater,
        "less" => Alternative.Less,
        _ => Alternative.TwoSided,
    };

    /// <summary>Counts of every size, zeros and the largest long among them.</summary>
    public static CellCounts Wild(Random random)
    {
        int cells = random.Next(7);
        return Of([.. Counts(random, cells)], [.. Counts(random, cells)]);
    }

    /// <summary>The ways to choose k of n.</summary>
    public static BigInteger Choose(long n, long k)
    {
        BigInteger ways = 1;
        for (long i = 1; i <= Math.Min(k, n - k); i++)
            ways = ways * (n - i + 1) / i;
        return k < 0 || k > n ? 0 : ways;
    }

    /// <summary>What stands for 1 in <see cref="Log"/>.</summary>
    public static BigInteger LogUnit { get; } = BigInteger.One << 220;

    /// <summary>ln(numerator / denominator) to about 60 digits, by the series 2 Σ vᵏ / k of odd k with v = (x − 1) / (x + 1).</summary>
    public static BigInteger Log(BigInteger numerator, BigInteger denominator)
    {
        int halvings = 0;
        for (; numerator > 2 * denominator; halvings++)
            denominator *= 2;
        for (; denominator > 2 * numerator; halvings--)
            numerator *= 2;
        return Series(numerator, denominator) + (halvings * Series(2, 1));

        static BigInteger Series(BigInteger numerator, BigInteger denominator)
        {
            BigInteger v = (numerator - denominator) * LogUnit / (numerator + denominator), square = v * v / LogUnit, sum = 0;
            for (int k = 1; !v.IsZero; k += 2)
            {
                sum += 2 * v / k;
                v = v * square / LogUnit;
            }

            return sum;
        }
    }

    /// <summary>A quotient of large whole numbers, and its logarithm where it underflows.</summary>
    public static (double Value, double Log) Ratio(BigInteger numerator, BigInteger denominator)
    {
        double log = BigInteger.Log(numerator) - BigInteger.Log(denominator);
        long shift = Math.Max(0, denominator.GetBitLength() - numerator.GetBitLength() + 64);
        return ((double)((numerator << (int)shift) / denominator) * Math.Pow(2, -shift), log);
    }

    private static IEnumerable<long> Counts(Random random, int cells)
    {
        int kind = random.Next(5);
        for (int cell = 0; cell < cells; cell++)
        {
            yield return kind switch
            {
                0 => 0,
                1 => random.Next(4),
                2 => random.Next(2) == 0 ? 0 : random.NextInt64(long.MaxValue / 8),
                3 => random.Next(3) == 0 ? long.MaxValue : random.Next(100),
                _ => random.NextInt64(1L << random.Next(1, 60)),
            };
        }
    }
}
