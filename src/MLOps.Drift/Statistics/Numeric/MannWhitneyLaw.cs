using System.Numerics;

namespace MLOps.Drift.Statistics;

/// <summary>The exact law of U over all orders of n + m different values, in whole numbers.</summary>
/// <remarks>
/// The number of orders for each U is a coefficient of ∏ (1 − q^(m+i)) / (1 − q^i), a product of n sums along the coefficients and n differences. In doubles these cancel: 12 digits are left of 300 values against 300,
/// 6 of 500 against 500, 3 of 700 against 600. So counts are whole numbers of as many words as they need.
/// </remarks>
internal static class MannWhitneyLaw
{
    private const int WordBits = 64;

    /// <summary>How many words of counts are added up to find P(U ≤ u), and how many are held.</summary>
    public static (double Added, double Held) Cost(long n, long m, long u)
    {
        double words = 1 + (LogOrders(Math.Min(n, m), Math.Max(n, m)) / WordBits);
        return (Math.Min(n, m) * (u + 1.0) * words, (u + 1.0) * words);
    }

    /// <summary>P(U ≤ u) for u below nm.</summary>
    public static Probability AtMost(long n, long m, long u, CancellationToken cancellationToken)
    {
        if (u < 0)
            return Probability.Zero;
        (n, m) = (Math.Min(n, m), Math.Max(n, m));
        BigInteger orders = 1;
        for (long i = 1; i <= n; i++)
            orders = orders * (m + i) / i;

        int words = (int)((orders.GetBitLength() / WordBits) + 1);
        ulong[] counts = new ulong[(u + 1) * words];
        counts[0] = 1;
        double bits = 0;
        for (long i = 1; i <= n; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // No count of this step has more bits than all its orders together; one is for the rounding of the logarithms.
            bits += Math.Log2((m + i) / (double)i);
            int used = Math.Min(words, (int)((bits + 1) / WordBits) + 1);
            for (long k = i; k <= u; k++)
                Add(counts.AsSpan((int)(k * words), used), counts.AsSpan((int)((k - i) * words), used));
            for (long k = u; k >= m + i; k--)
                Subtract(counts.AsSpan((int)(k * words), used), counts.AsSpan((int)((k - m - i) * words), used));
        }

        Span<ulong> sum = counts.AsSpan(0, words);
        for (long k = 1; k <= u; k++)
            Add(sum, counts.AsSpan((int)(k * words), words));
        BigInteger atMost = 0;
        for (int word = words - 1; word >= 0; word--)
            atMost = (atMost << WordBits) + sum[word];
        return Share(atMost, orders);
    }

    private static double LogOrders(long n, long m)
    {
        double bits = 0;
        for (long i = 1; i <= n; i++)
            bits += Math.Log2((m + i) / (double)i);
        return bits;
    }

    private static void Add(Span<ulong> left, ReadOnlySpan<ulong> right)
    {
        ulong carry = 0;
        for (int word = 0; word < left.Length; word++)
        {
            ulong sum = left[word] + right[word], total = sum + carry;
            carry = (sum < right[word] ? 1UL : 0) | (total < carry ? 1UL : 0);
            left[word] = total;
        }
    }

    private static void Subtract(Span<ulong> left, ReadOnlySpan<ulong> right)
    {
        ulong borrow = 0;
        for (int word = 0; word < left.Length; word++)
        {
            ulong difference = left[word] - right[word], total = difference - borrow;
            borrow = (left[word] < right[word] ? 1UL : 0) | (difference < borrow ? 1UL : 0);
            left[word] = total;
        }
    }

    private static Probability Share(BigInteger part, BigInteger whole)
    {
        int shift = (int)(whole.GetBitLength() - part.GetBitLength()) + WordBits;
        double mantissa = (double)((part << shift) / whole);
        return new Probability(Math.ScaleB(mantissa, -shift), Math.Min(0, Math.Log(mantissa) - (shift * Math.Log(2))));
    }
}
