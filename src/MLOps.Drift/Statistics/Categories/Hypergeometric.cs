using MathNet.Numerics.Integration;

namespace MLOps.Drift.Statistics;

/// <summary>
/// The hypergeometric law of a fourfold table with its margins fixed, seen from one table of it: the tables are numbered by how far the first count is from that one's.
/// Logarithms throughout, relative precision into the farthest tail, and counts up to the largest long.
/// </summary>
/// <remarks>
/// ln f = −G/2 + Σ s(margins) − s(N) − Σ s(cells), where G is the log-likelihood ratio of the table and s(x) = ln x! − x ln x + x. Unlike the sum of log-factorials, which are of the size N ln N, every term
/// here is about as large as the result. Source: Loader (2000), Fast and Accurate Computation of Binomial Probabilities; the step to four cells is this file's.
/// </remarks>
internal readonly struct Hypergeometric
{
    /// <summary>From here on a tail is integrated, not summed.</summary>
    private const double MostTerms = 30_000;

    /// <summary>Parts of a tail below e⁻⁴⁵ of its greatest term do not count.</summary>
    private const double Negligible = 45;

    private readonly long _a, _b, _c, _d;
    private readonly double _expectedA, _expectedB, _expectedC, _expectedD, _total, _margins, _deviation;

    /// <param name="a">First row, first column.</param>
    /// <param name="b">First row, second column.</param>
    /// <param name="c">Second row, first column.</param>
    /// <param name="d">Second row, second column.</param>
    public Hypergeometric(long a, long b, long c, long d)
    {
        (_a, _b, _c, _d) = (a, b, c, d);
        double row1 = (double)a + b, row2 = (double)c + d, column1 = (double)a + c, column2 = (double)b + d;
        _total = row1 + row2;
        (_expectedA, _expectedB) = (row1 * (column1 / _total), row1 * (column2 / _total));
        (_expectedC, _expectedD) = (row2 * (column1 / _total), row2 * (column2 / _total));
        _margins = LogFactorialRest(row1) + LogFactorialRest(row2) + LogFactorialRest(column1) + LogFactorialRest(column2) - LogFactorialRest(_total);
        _deviation = Deviation(0);
    }

    /// <summary>The lowest number of a table, 0 or negative.</summary>
    public long Lowest => -Math.Min(_a, _d);

    /// <summary>The highest number of a table, 0 or positive.</summary>
    public long Highest => Math.Min(_b, _c);

    /// <summary>The number of the most probable table; of two, the higher.</summary>
    public long Mode
    {
        get
        {
            UInt128 total = (UInt128)(ulong)_a + (ulong)_b + (ulong)_c + (ulong)_d;
            UInt128 mode = ((UInt128)(ulong)_a + (ulong)_b + 1) * ((UInt128)(ulong)_a + (ulong)_c + 1) / (total + 2);
            return (long)((Int128)mode - _a);
        }
    }

    /// <summary>The standard deviation of the first count.</summary>
    public double StandardDeviation => Math.Sqrt(_expectedA * (_expectedD / (_total - 1)));

    public double Log(long shift) => Log(shift, 0);

    /// <summary>P(X ≥ the table that is <paramref name="shift"/> from this one), or ≤ it for direction −1: as it comes from a table at or beyond the mode, or by what remains.</summary>
    public Probability Tail(long shift, int direction)
    {
        long beyond = direction > 0 ? shift - Mode : Mode - shift;
        if (beyond >= 0)
            return Probability.FromLog(LogOutward(shift, direction));
        long rest = shift - direction;
        if (rest < Lowest || rest > Highest)
            return Probability.One;
        double other = Math.Exp(LogOutward(rest, -direction));
        return other < 1 ? new Probability(1 - other, Math.Log(1 - other)) : Probability.Of(0);
    }

    /// <summary>The sum of the probabilities of all tables that are not more probable than this one.</summary>
    /// <remarks>Equal ones have to count as such, whichever way their logarithms are rounded; scipy 1.10.1 allows 1e-14 for that.</remarks>
    public Probability NotMoreProbable()
    {
        long mode = Mode;
        double here = Log(0), limit = here + 1e-12 + (4e-16 * Math.Abs(here));
        int direction = mode < 0 ? 1 : -1;
        long end = direction > 0 ? Lowest : Highest;

        // From the mode to the other end the probability falls: the first table there that is not more probable.
        if (Log(mode) <= limit)
            return Probability.One;
        if (Log(end) > limit)
            return Probability.FromLog(LogOutward(0, direction));
        long more = mode, less = end;
        while (Int128.Abs((Int128)more - less) > 1)
        {
            long middle = (long)(((Int128)more + less) / 2);
            if (Log(middle) > limit)
                more = middle;
            else
                less = middle;
        }

        double own = LogOutward(0, direction), others = LogOutward(less, -direction);
        double greater = Math.Max(own, others), smaller = Math.Min(own, others);
        return Probability.FromLog(greater + Math.Log(1 + Math.Exp(smaller - greater)));
    }

    /// <summary>The logarithm of the sum of probabilities from a table outward, away from the mode.</summary>
    /// <param name="shift">A table at the mode or beyond it in the direction.</param>
    /// <param name="direction">1 or −1.</param>
    /// <param name="mostTerms">So many terms are summed at most; where more would count, the tail is smooth and is integrated.</param>
    internal double LogOutward(long shift, int direction, double mostTerms = MostTerms)
    {
        double first = Log(shift), deviation = StandardDeviation;
        double z = Math.Abs(Deviation(shift)) / deviation;
        double reach = 2 * Negligible / (Math.Sqrt((z * z) + (2 * Negligible)) + z) * deviation;
        long support = direction > 0 ? Highest - shift : shift - Lowest;
        return first + Math.Log(Math.Min(reach, support) > mostTerms ? Integrated(shift, direction, Math.Min(reach, support)) : Summed(shift, direction));
    }

    /// <summary>s(x) = ln x! − x ln x + x, about ½ ln 2πx.</summary>
    private static double LogFactorialRest(double x)
    {
        if (x < 16)
        {
            // Counts this small are whole: only those of the thousands are ever varied continuously.
            double factorial = 1;
            for (int i = 2; i <= x; i++)
                factorial *= i;
            return x == 0 ? 0 : Math.Log(factorial) - (x * Math.Log(x)) + x;
        }

        double inverse = 1 / x, square = inverse * inverse;
        double series = (1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square * (1.0 / 1188))))))));
        return (0.5 * Math.Log(2 * Math.PI * x)) + (inverse * series);
    }

    /// <summary>The first count less its expectation, in the table of a number.</summary>
    private double Deviation(long shift)
    {
        Int128 a = (Int128)_a + shift, b = (Int128)_b - shift, c = (Int128)_c - shift, d = (Int128)_d + shift;
        return (double)((a * d) - (b * c)) / _total;
    }

    private double Log(long shift, double fraction)
    {
        double deviation = (shift == 0 ? _deviation : Deviation(shift)) + fraction;
        double a = _a + shift + fraction, b = _b - shift - fraction, c = _c - shift - fraction, d = _d + shift + fraction;
        double deviance = Deviance.Of(a, _expectedA, deviation) + Deviance.Of(d, _expectedD, deviation) + Deviance.Of(b, _expectedB, -deviation) + Deviance.Of(c, _expectedC, -deviation);
        return _margins - deviance - LogFactorialRest(a) - LogFactorialRest(b) - LogFactorialRest(c) - LogFactorialRest(d);
    }

    /// <summary>The tail in units of its first term, by the ratio of neighbours.</summary>
    private double Summed(long shift, int direction)
    {
        double falling1 = direction > 0 ? _b - shift : _a + shift, falling2 = direction > 0 ? _c - shift : _d + shift;
        double rising1 = direction > 0 ? _a + shift : _b - shift, rising2 = direction > 0 ? _d + shift : _c - shift;
        double sum = 1, term = 1;
        while (falling1 > 0 && falling2 > 0 && term > sum * 1e-19)
        {
            term *= falling1-- / ++rising1 * (falling2-- / ++rising2);
            sum += term;
        }

        return sum;
    }

    /// <summary>The tail in units of its first term, by Euler and Maclaurin: the integral, half the first term, and a twelfth of the slope. The next correction is below 1e-15 where so many terms count.</summary>
    private double Integrated(long shift, int direction, double reach)
    {
        const int panels = 16;
        Hypergeometric law = this;
        double first = Log(shift), integral = 0;
        for (int panel = 0; panel < panels; panel++)
            integral += GaussLegendreRule.Integrate(at => Math.Exp(law.Log(shift, direction * at) - first), panel * reach / panels, (panel + 1) * reach / panels, 20);
        double slope = (Math.Exp(Log(shift, direction) - first) - Math.Exp(Log(shift, -direction) - first)) / 2;
        return integral + 0.5 - (slope / 12);
    }
}
