using System.Buffers;

namespace MLOps.Drift.Statistics;

/// <summary>
/// The exact null law of the largest gap. Without ties all orders of the pooled values are alike, and each is a path of n steps in i and m steps in j;
/// the p-value is the share of paths that somewhere reach i·m − j·n ≥ gap (one-sided) or |i·m − j·n| ≥ gap (two-sided).
/// </summary>
/// <remarks>
/// Sums, over the points of the boundary, the probability that a path touches it there first: nothing but positive terms, hence no digit is lost however small the sum.
/// The paths inside are followed diagonal by diagonal as A(i, j), the share of the paths to (i, j) that have not touched:
/// A(i, j) = A(i−1, j)·i/(i+j) + A(i, j−1)·j/(i+j). Away from the boundary A is 1 to the last bit, and those points are left out: two strips of the width √(n + m) are what remains at worst.
/// Source of the recursion: Kim and Jennrich (1973), Selected Tables in Mathematical Statistics 1, 79–170; Viehmann (2021), arXiv:2102.08037, on its precision.
/// </remarks>
internal static class LatticePaths
{
    /// <summary>1 is what is nearer to it than rounding.</summary>
    private const double NearlyOne = 1 - 2.3e-16;

    /// <summary>About how many points <see cref="Reaching"/> visits.</summary>
    public static double Cost(int n, int m, long gap)
    {
        if (n == m)
            return n;
        double total = (double)n + m, distance = Math.Max(1, gap / total);
        return total * (4 + (2 * Math.Min(Math.Min(n, m), Math.Min(distance, 19.0 * n / total * m / distance))));
    }

    /// <summary>P(max (i·m − j·n) ≥ gap), or of its magnitude.</summary>
    /// <param name="n">Steps in i, 1 or more.</param>
    /// <param name="m">Steps in j, 1 or more.</param>
    /// <param name="gap">The gap in units of 1 / (nm).</param>
    /// <param name="twoSided">Whether a gap of either sign counts.</param>
    public static Probability Reaching(int n, int m, long gap, bool twoSided)
    {
        if (gap <= 0)
            return Probability.One;
        if (n == m)
            return EqualSizes(n, (gap + n - 1) / n, twoSided);

        // Both laws are the same with the samples exchanged: reversed paths show it for the one-sided one. The array is as long as the smaller.
        return n < m ? Walk(n, m, gap, twoSided) : Walk(m, n, gap, twoSided);
    }

    /// <summary>Gnedenko and Korolyuk (1951): reflections of a walk with steps ±1, C(2n, n − kh) / C(2n, n) with alternating signs.</summary>
    private static Probability EqualSizes(int n, long h, bool twoSided)
    {
        WideNumber first = WideNumber.One;
        for (long step = 0; step < h; step++)
            first.Multiply((n - step) / (n + step + 1.0));
        if (!twoSided)
            return first.AsProbability();

        // Nested from the last reflection on, each a share of the one before it.
        double rest = 0;
        for (long k = n / h; k >= 2; k--)
        {
            double share = 1;
            for (long step = (k - 1) * h; step < k * h && share > 0; step++)
                share *= (n - step) / (n + step + 1.0);
            rest = share * (1 - rest);
        }

        first.Multiply(2 * (1 - rest));
        return first.AsProbability();
    }

    private static Probability Walk(int n, int m, long gap, bool twoSided)
    {
        // The distance from the line to i alone: on a diagonal t = i + j, i·m − j·n = i·total − t·n.
        long total = (long)n + m;
        double[] rented = ArrayPool<double>.Shared.Rent(n + 2);
        Span<double> inside = rented.AsSpan(0, n + 2);
        inside.Fill(1);

        WideNumber touched = default;
        Boundary upper = new(n, m), lower = new(n, m);
        long above = CeilingOf(gap, total), below = -1;
        int top = (int)Math.Min(above, n + 1), bottom = -1;
        if (above <= n)
            inside[(int)above + 1] = 0;
        for (long t = 1; t < total; t++)
        {
            long aboveBefore = above, belowBefore = below;
            above = CeilingOf((t * n) + gap, total);
            below = twoSided ? FloorOf((t * n) - gap, total) : -1;
            if (above <= Math.Min(t, n))
            {
                upper.MoveTo(above, t);
                if (above - 1 < aboveBefore)
                    touched.Add(upper.Share, inside[(int)above] * (above / (double)t));
            }

            if (below >= Math.Max(0, t - m))
            {
                lower.MoveTo(below, t);
                if (below > belowBefore)
                    touched.Add(lower.Share, inside[(int)below + 1] * ((t - below) / (double)t));
            }

            int highest = (int)Math.Min(Math.Min(above - 1, t), n), lowest = (int)Math.Max(Math.Max(below + 1, t - m), 0);
            bottom = Math.Min(Math.Max(bottom, (int)Math.Max(below, -1)) + 1, highest);
            if (!twoSided)
                bottom = -1;
            Advance(inside, Math.Max(top, lowest), highest, t);
            Advance(inside, lowest, Math.Min(bottom, top - 1), t);
            for (; top <= highest && inside[top + 1] >= NearlyOne; top++)
                inside[top + 1] = 1;
            for (; bottom >= lowest && inside[bottom + 1] >= NearlyOne; bottom--)
                inside[bottom + 1] = 1;
            if (above <= n)
                inside[(int)above + 1] = 0;
            if (below >= 0)
                inside[(int)below + 1] = 0;
        }

        ArrayPool<double>.Shared.Return(rented);
        return touched.AsProbability();
    }

    /// <summary>A on the diagonal t from A on the one before it, for i from the highest down, so that both it needs are still there. A(i) is at i + 1.</summary>
    private static void Advance(Span<double> inside, int lowest, int highest, long t)
    {
        double part = 1.0 / t;
        for (int i = highest; i >= lowest; i--)
            inside[i + 1] = ((inside[i] * i) + (inside[i + 1] * (t - i))) * part;
    }

    private static long CeilingOf(long number, long divisor) => -FloorOf(-number, divisor);

    private static long FloorOf(long number, long divisor)
    {
        long quotient = number / divisor;
        return quotient * divisor > number ? quotient - 1 : quotient;
    }

    /// <summary>A point that wanders along the boundary, and the share of all paths that pass through it.</summary>
    private struct Boundary(int n, int m)
    {
        private long _i;
        private long _t;

        public WideNumber Share = WideNumber.One;

        public void MoveTo(long i, long t)
        {
            while (_t < t)
            {
                // To a new point on the axis by steps of one kind; later diagonals are reached by one step.
                double left = (double)n + m - _t;
                if (_i < i)
                {
                    Share.Multiply((_t + 1.0) / (_i + 1) * ((n - _i) / left));
                    _i++;
                }
                else
                {
                    long j = _t - _i;
                    Share.Multiply((_t + 1.0) / (j + 1) * ((m - j) / left));
                }

                _t++;
            }
        }
    }
}
