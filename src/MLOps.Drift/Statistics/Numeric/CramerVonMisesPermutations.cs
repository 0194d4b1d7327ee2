namespace MLOps.Drift.Statistics;

/// <summary>The exact null law of the Cramér–von Mises statistic: all ways to deal the pooled values out to the samples.</summary>
/// <remarks>
/// The statistic's sum is built up value by value, or tie by tie, as the number i of the reference's values among those passed grows. Both ends are followed to the middle and met there:
/// the two halves have far fewer different sums than the whole. Sums are whole numbers and counts below 2⁵³: nothing is rounded.
/// </remarks>
internal static class CramerVonMisesPermutations
{
    /// <summary>The share of all ways with a sum as large.</summary>
    /// <param name="ties">How many pooled values are alike, from the smallest value to the largest.</param>
    /// <param name="n">How many of them go to the reference, 20 at most.</param>
    /// <param name="m">How many go to the current sample, 20 at most.</param>
    /// <param name="sum">The observed n Σ(2r − 2i)² + m Σ(2r − 2j)².</param>
    public static double AtLeast(ReadOnlySpan<int> ties, int n, int m, long sum)
    {
        int split = 0, before = 0;
        while (split < ties.Length && before < (n + m) / 2)
            before += ties[split++];
        Sums?[] below = new Sums?[n + 1], above = new Sums?[n + 1];
        below[0] = above[n] = Sums.Nothing;
        int passed = 0;
        for (int tie = 0; tie < split; tie++)
        {
            below = Pass(below, passed, ties[tie], n, m, forward: true);
            passed += ties[tie];
        }

        passed = n + m;
        for (int tie = ties.Length - 1; tie >= split; tie--)
        {
            passed -= ties[tie];
            above = Pass(above, passed, ties[tie], n, m, forward: false);
        }

        double reached = 0, all = 0;
        for (int i = 0; i <= n; i++)
        {
            if (below[i] is not { } lower || above[i] is not { } upper)
                continue;
            reached += lower.PairsAtLeast(upper, sum);
            all += lower.PairsAtLeast(upper, long.MinValue);
        }

        return reached / all;
    }

    /// <summary>The sums for each i beyond a tie, from those before it; or, backward, before it from those beyond.</summary>
    private static Sums?[] Pass(Sums?[] from, int passed, int size, int n, int m, bool forward)
    {
        Sums?[] to = new Sums?[n + 1];
        for (int i = Math.Max(0, passed - m); i <= Math.Min(n, passed); i++)
        {
            // Of the tie, a values go to the reference, in one of C(size, a) ways.
            double ways = 1;
            for (int a = 0; a <= size; a++)
            {
                int other = i + a, j = passed - i;
                if (other <= n && j + size - a <= m)
                {
                    long adds = CramerVonMises.TieSum(i, j, a, size - a, n, m);
                    if (forward && from[i] is { } before)
                        to[other] = before.Onto(to[other], adds, ways);
                    else if (!forward && from[other] is { } beyond)
                        to[i] = beyond.Onto(to[i], adds, ways);
                }

                ways = ways * (size - a) / (a + 1);
            }
        }

        return to;
    }

    /// <summary>Sums in ascending order, and how many ways lead to each.</summary>
    private sealed record Sums(long[] Values, double[] Ways)
    {
        public static Sums Nothing => new([0], [1]);

        /// <summary>These sums, each with an addition and in several ways, merged into others.</summary>
        public Sums Onto(Sums? others, long adds, double ways)
        {
            long[] otherValues = others?.Values ?? [], values = new long[Values.Length + otherValues.Length];
            double[] otherWays = others?.Ways ?? [], counts = new double[values.Length];
            int i = 0, j = 0, count = 0;
            while (i < Values.Length || j < otherValues.Length)
            {
                long own = i < Values.Length ? Values[i] + adds : long.MaxValue, other = j < otherValues.Length ? otherValues[j] : long.MaxValue;
                values[count] = Math.Min(own, other);
                if (own <= other)
                    counts[count] += Ways[i++] * ways;
                if (other <= own)
                    counts[count] += otherWays[j++];
                count++;
            }

            return new Sums(values[..count], counts[..count]);
        }

        /// <summary>How many pairs of a way here and one there have a sum as large.</summary>
        public double PairsAtLeast(Sums others, long least)
        {
            double pairs = 0, open = 0;
            int j = others.Values.Length;
            for (int i = 0; i < Values.Length; i++)
            {
                while (j > 0 && (least == long.MinValue || others.Values[j - 1] >= least - Values[i]))
                    open += others.Ways[--j];
                pairs += Ways[i] * open;
            }

            return pairs;
        }
    }
}
