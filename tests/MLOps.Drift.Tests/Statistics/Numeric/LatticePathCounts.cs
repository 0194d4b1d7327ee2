using System.Numerics;

namespace MLOps.Drift.Tests.Statistics;

/// <summary>The share of lattice paths that touch a line, counted in whole numbers of any length: the truth for the exact law of Kolmogorov–Smirnov.</summary>
internal static class LatticePathCounts
{
    /// <summary>Counts the paths that stay inside, and takes them from all, in whole numbers.</summary>
    public static (double Log, double Value) Share(int n, int m, long gap, bool twoSided)
    {
        if (gap <= 0)
            return (0, 1);

        // Far out, the paths that have touched are few cells' worth: row by row, those inside are all of them but these.
        BigInteger all = 1;
        for (int i = 1; i <= n; i++)
            all = all * (m + i) / i;
        if (gap > (long)n * m * 9 / 10 && n + m > 1000)
            return FarOut(n, m, gap, twoSided, all);
        BigInteger[] row = new BigInteger[m + 1];
        for (int i = 0; i <= n; i++)
        {
            for (int j = 0; j <= m; j++)
            {
                long at = ((long)i * m) - ((long)j * n);
                row[j] = at >= gap || (twoSided && at <= -gap) ? 0 : i == 0 && j == 0 ? 1 : (i > 0 ? row[j] : 0) + (j > 0 ? row[j - 1] : 0);
            }
        }

        return Quotient(all - row[m], all);
    }

    /// <summary>Paths that touch the upper line: those to each point beyond it at which they leave it for the last time, times the ways on from there, which are few.</summary>
    private static (double Log, double Value) FarOut(int n, int m, long gap, bool twoSided, BigInteger all)
    {
        // Beyond half of the range a path cannot touch both lines; and the two laws are the same.
        BigInteger touching = One(n, m) * (twoSided ? 2 : 1);
        return Quotient(touching, all);

        BigInteger One(int right, int up)
        {
            // Counted by the first point touched: (i, j) with j small, so that all before it are paths inside a triangle of few rows.
            List<(int I, int J)> points = [];
            for (int j = 0; ; j++)
            {
                long i = (gap + ((long)j * right) + up - 1) / up;
                if (i > right || j > up)
                    break;
                points.Add(((int)i, j));
            }

            BigInteger sum = 0;
            BigInteger[] first = new BigInteger[points.Count];
            for (int k = 0; k < points.Count; k++)
            {
                first[k] = Choose(points[k].I + points[k].J, points[k].J);
                for (int before = 0; before < k; before++)
                    first[k] -= first[before] * Choose(points[k].I - points[before].I + points[k].J - points[before].J, points[k].J - points[before].J);
                sum += first[k] * Choose(right - points[k].I + up - points[k].J, right - points[k].I);
            }

            return sum;
        }
    }

    private static BigInteger Choose(int n, int k)
    {
        BigInteger result = 1;
        k = Math.Min(k, n - k);
        for (int i = 1; i <= k; i++)
            result = result * (n - k + i) / i;
        return result;
    }

    private static (double Log, double Value) Quotient(BigInteger part, BigInteger all)
    {
        if (part == all)
            return (0, 1);

        // 64 bits of the quotient are more than a double has.
        int shift = (int)Math.Max(0, all.GetBitLength() - part.GetBitLength()) + 80;
        BigInteger quotient = (part << shift) / all;
        int surplus = (int)Math.Max(0, quotient.GetBitLength() - 64);
        double mantissa = (double)(quotient >> surplus);
        int exponent = surplus - shift;
        double log = Math.Log(mantissa) + (exponent * Math.Log(2));
        return (log, Math.ScaleB(mantissa, Math.Max(exponent, -5000)));
    }
}
