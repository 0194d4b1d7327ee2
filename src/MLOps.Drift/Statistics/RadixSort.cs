namespace MLOps.Drift.Statistics;

/// <summary>
/// Sorts doubles as whole numbers whose order is the doubles' order, digit by digit from the lowest. Of the bits in which keys differ the highest 33 are sorted
/// in three passes; they order nearly all values of a continuous column, and the few runs that still have equal digits are sorted by comparison, or, if long, in turn.
/// </summary>
internal static class RadixSort
{
    private const int DigitBits = 11;
    private const int Radix = 1 << DigitBits;
    private const int MostDigits = 3;

    /// <summary>Below this, comparing is faster than filling the tables of counts.</summary>
    private const int Least = 1024;

    /// <summary>The key of a value that is neither NaN nor −0.0: all bits of a negative number flipped, the sign alone of others.</summary>
    public static ulong KeyOf(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        return bits ^ ((ulong)((long)bits >> 63) | (1UL << 63));
    }

    public static double ValueOf(ulong key) => BitConverter.UInt64BitsToDouble(key ^ (((key >> 63) - 1) | (1UL << 63)));

    /// <summary>Sorts keys in ascending order.</summary>
    /// <param name="keys">The keys; overwritten.</param>
    /// <param name="room">As long as the keys; overwritten.</param>
    /// <returns>The sorted keys: either of the two spans.</returns>
    public static Span<ulong> Sort(Span<ulong> keys, Span<ulong> room)
    {
        if (keys.Length < Least)
        {
            keys.Sort();
            return keys;
        }

        (ulong least, ulong most) = Range(keys);
        int bits = 64 - System.Numerics.BitOperations.LeadingZeroCount(most - least);
        int digits = Math.Min((bits + DigitBits - 1) / DigitBits, MostDigits), lowest = Math.Max(0, bits - (digits * DigitBits));
        Span<int> counts = stackalloc int[MostDigits * Radix];
        counts.Clear();
        Count(keys, least, lowest, counts);
        for (int digit = 0; digit < digits; digit++)
        {
            Span<int> next = counts.Slice(digit * Radix, Radix);
            int shift = lowest + (digit * DigitBits);
            if (next[(int)((keys[0] - least) >> shift) & (Radix - 1)] == keys.Length)
                continue;
            int before = 0;
            foreach (ref int count in next)
                (count, before) = (before, before + count);
            Scatter(keys, room, least, shift, next);
            Span<ulong> sorted = room;
            room = keys;
            keys = sorted;
        }

        if (lowest > 0)
            FinishRuns(keys, room, least, lowest);
        return keys;
    }

    private static (ulong Least, ulong Most) Range(ReadOnlySpan<ulong> keys)
    {
        ulong least = ulong.MaxValue, most = 0;
        foreach (ulong key in keys)
        {
            least = Math.Min(least, key);
            most = Math.Max(most, key);
        }

        return (least, most);
    }

    /// <summary>Counts how often each digit has each value, all digits in one pass.</summary>
    private static void Count(ReadOnlySpan<ulong> keys, ulong least, int lowest, Span<int> counts)
    {
        Span<int> first = counts[..Radix], second = counts.Slice(Radix, Radix), third = counts.Slice(2 * Radix, Radix);
        foreach (ulong key in keys)
        {
            ulong bits = (key - least) >> lowest;
            first[(int)bits & (Radix - 1)]++;
            second[(int)(bits >> DigitBits) & (Radix - 1)]++;
            third[(int)(bits >> (2 * DigitBits)) & (Radix - 1)]++;
        }
    }

    private static void Scatter(ReadOnlySpan<ulong> keys, Span<ulong> room, ulong least, int shift, Span<int> next)
    {
        foreach (ulong key in keys)
            room[next[(int)((key - least) >> shift) & (Radix - 1)]++] = key;
    }

    /// <summary>Sorts what has the same digits: their keys differ in the bits below the lowest digit, which a second round covers whole.</summary>
    private static void FinishRuns(Span<ulong> keys, Span<ulong> room, ulong least, int lowest)
    {
        for (int at = 1; at < keys.Length; at++)
        {
            if (keys[at] >= keys[at - 1])
                continue;
            ulong digits = (keys[at] - least) >> lowest;
            int start = at - 1, end = at + 1;
            while (start > 0 && (keys[start - 1] - least) >> lowest == digits)
                start--;
            while (end < keys.Length && (keys[end] - least) >> lowest == digits)
                end++;
            Span<ulong> run = keys[start..end], sorted = Sort(run, room[start..end]);
            if (sorted != run)
                sorted.CopyTo(run);
            at = end;
        }
    }
}
