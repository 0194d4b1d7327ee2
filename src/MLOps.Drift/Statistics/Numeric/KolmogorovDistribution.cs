using System.Buffers;
using MathNet.Numerics;

namespace MLOps.Drift.Statistics;

/// <summary>
/// The law of D, the largest gap between the empirical distribution function of k values and the continuous distribution that they come from, for finite k:
/// not Kolmogorov's limit, which is off by 2 to 30 % up to k = 2000.
/// </summary>
/// <remarks>
/// The choice of methods follows Simard and L'Ecuyer (2011), Journal of Statistical Software 39(11); the middle of the law is computed further than there, to about 1e-12 up to k = 5000, and the
/// tail from smaller p-values on, so that the relative error is below 1e-9 up to there; above, it is that of the expansion of Pelz and Good, below 1e-7 and falling as 1 / k².
/// </remarks>
internal static class KolmogorovDistribution
{
    /// <summary>From k·d² on the two-sided probability is twice the one-sided: that both sides are reached adds less than 1e-10 of it.</summary>
    private const double Tail = 4;

    private const int BandMost = 5000;

    /// <summary>P(D ≥ d).</summary>
    /// <param name="k">How many values, 1 or more.</param>
    /// <param name="d">The gap, 0 to 1.</param>
    public static Probability Upper(long k, double d)
    {
        double steps = k * d;
        if (steps <= 0.5)
            return Probability.One;
        if (d >= 1)
            return Probability.FromLog(double.NegativeInfinity);
        if (steps <= 1)
            return Probability.Of(1 - Narrowest(k, (2 * steps) - 1));
        if (d >= 0.5 || k * d * d >= Tail)
            return OneSidedUpper(k, d).Doubled();
        return Probability.Of(1 - (k <= BandMost ? Band((int)k, steps) : PelzGood(k, Math.Sqrt(k) * d)));
    }

    /// <summary>P(D⁺ ≥ d): Smirnov (1944), Birnbaum and Tingey (1951), d Σ C(k, j) (d + j/k)^(j−1) (1 − d − j/k)^(k−j), its terms by their logarithms.</summary>
    /// <param name="k">How many values, 1 or more.</param>
    /// <param name="d">The gap, above 0 and below 1.</param>
    public static Probability OneSidedUpper(long k, double d)
    {
        double steps = k * d;

        // Of a long sum, every stride-th term: far from its ends, where they vanish, they are so smooth that the sum of these times the stride is the sum of all, as with any trapezoidal rule.
        long stride = Math.Max(1, (long)((k - steps) / (128 * (1 + (Math.Sqrt(k) * d)))));
        double largest = k * Log1P(-d), sum = stride > 1 ? 0 : 1;
        for (long j = stride; j < k - steps; j += stride)
        {
            double log = LogTerm(k, j, steps);
            if (log > largest)
            {
                sum = (sum * Math.Exp(largest - log)) + 1;
                largest = log;
            }
            else
            {
                sum += Math.Exp(log - largest);
            }
        }

        double logSum = largest + Math.Log(sum * stride);
        return logSum > -690 ? Probability.Of(Math.Exp(largest) * (sum * stride)) : Probability.FromLog(logSum);
    }

    /// <summary>The logarithm of a term with 0 &lt; j &lt; k − kd, d / x times the binomial probability of j at x = d + j/k, by Loader's saddle point form (2000).</summary>
    private static double LogTerm(long k, long j, double steps)
    {
        double rest = k - j, below = steps / j, above = steps / rest;
        double deviance = (j * (below - Log1P(below))) - (rest * (Log1P(-above) + above));
        return StirlingError(k) - StirlingError(j) - StirlingError(rest) - deviance + (0.5 * Math.Log(k / (2 * Math.PI * j * rest))) + Math.Log(steps / (j + steps));
    }

    /// <summary>ln(1 + x) by Kahan's correction; double.LogP1 rounds 1 + x.</summary>
    private static double Log1P(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * (x / (sum - 1));
    }

    /// <summary>ln n! less Stirling's formula for it.</summary>
    private static double StirlingError(double n)
    {
        if (n < 16)
            return SpecialFunctions.FactorialLn((int)n) - (((n + 0.5) * Math.Log(n)) - n + (0.5 * Math.Log(2 * Math.PI)));
        double square = 1 / (n * n);
        return ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square / 1188)))))))) / n;
    }

    /// <summary>P(D &lt; d) for ½ ≤ kd ≤ 1: k! (2d − 1/k)^k.</summary>
    private static double Narrowest(long k, double width)
    {
        double product = 1;
        for (long i = 1; i <= k && product > 1e-30; i++)
            product *= i / (double)k * width;
        return product;
    }

    /// <summary>
    /// P(D &lt; d), for kd ≥ ½, as the probability that a Poisson process of rate 1 over k units of time, of which it is known that it ends at k, never leaves the band N(s) ± kd.
    /// The band can be left at 2k times only; from one to the next the distribution of N inside the band is convolved with the Poisson distribution. Only positive terms.
    /// </summary>
    /// <remarks>
    /// Time about 80 k² d. Source: Khmaladze and Shinjikashvili (2001), Bernoulli 7, 875–896; Moscovich and Nadler (2017), Statistics and Probability Letters 123, 177–182.
    /// Pomeranz (1974) has the same recursion.
    /// </remarks>
    public static double Band(int k, double steps)
    {
        int whole = (int)steps;
        double fraction = steps - whole;

        // Within each unit of time the band's lower edge passes a whole number at the fraction, its upper edge at 1 less the fraction.
        double early = Math.Min(fraction, 1 - fraction), late = 1 - early;
        bool lowerFirst = fraction <= 0.5;
        double[] outer = PoissonWeights(2 * early), inner = PoissonWeights(late - early);
        double[] rented = ArrayPool<double>.Shared.Rent(k + whole + 3);
        Span<double> inside = rented.AsSpan(0, k + whole + 3);
        inside.Clear();
        inside[0] = 1;
        int low = 0;
        for (int unit = 0; unit < k; unit++)
        {
            int lowAfter = Math.Max(0, unit - whole + 1);
            Convolve(inside, low, unit + whole, unit == 0 ? PoissonWeights(early) : outer);
            if (lowerFirst)
                low = lowAfter;
            Convolve(inside, low, unit + whole + (lowerFirst ? 0 : 1), inner);
            low = lowAfter;
        }

        Convolve(inside, low, k, PoissonWeights(early));
        double end = inside[k];
        ArrayPool<double>.Shared.Return(rented);
        return end * Math.Sqrt(2 * Math.PI * k) * Math.Exp(StirlingError(k));
    }

    private static void Convolve(Span<double> inside, int low, int high, ReadOnlySpan<double> weights)
    {
        for (int to = Math.Min(high, inside.Length - 1); to >= low; to--)
        {
            ReadOnlySpan<double> from = inside.Slice(Math.Max(low, to + 1 - weights.Length), Math.Min(weights.Length, to + 1 - low));
            double sum = 0;
            for (int i = 0; i < from.Length; i++)
                sum += from[from.Length - 1 - i] * weights[i];
            inside[to] = sum;
        }
    }

    /// <summary>The probabilities of 0, 1, 2… events in a time of 1 or less, up to those that add nothing.</summary>
    private static double[] PoissonWeights(double time)
    {
        List<double> weights = [];
        for (double weight = Math.Exp(-time); weight > 1e-22; weight *= time / weights.Count)
            weights.Add(weight);
        return [.. weights];
    }

    /// <summary>P(D &lt; d) at z = √k d: Pelz and Good (1976), Journal of the Royal Statistical Society B 38, 152–156, whose error is of the order of k⁻².</summary>
    public static double PelzGood(double k, double z)
    {
        double z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4, pi2 = Math.PI * Math.PI;
        double order0 = 0, order1 = 0, order2 = 0, order3 = 0;
        for (int i = 0; i < 40; i++)
        {
            double h = (i + 0.5) * (i + 0.5) * pi2, e = Math.Exp(-h / (2 * z2));
            order0 += e;
            order1 += (h - z2) * e;
            order2 += ((6 * z6) + (2 * z4) + (h * ((2 * z4) - (5 * z2))) + (h * h * (1 - (2 * z2)))) * e;
            order3 += ((h * h * h * (5 - (30 * z2))) + (h * h * ((-60 * z2) + (212 * z4))) + (h * ((135 * z4) - (96 * z6))) - (30 * z6) - (90 * z8)) * e;
        }

        double whole2 = 0, whole3 = 0;
        for (int i = 1; i < 40; i++)
        {
            double h = i * i * pi2, e = Math.Exp(-h / (2 * z2));
            whole2 += h * e;
            whole3 += ((3 * h * z2) - (h * h)) * e;
        }

        double root = Math.Sqrt(Math.PI / 2), rate = 1 / Math.Sqrt(k);
        double k0 = 2 * root / z * order0;
        double k1 = 2 * root / (6 * z4) * order1;
        double k2 = (2 * root / (72 * z6 * z) * order2) - (2 * root / (36 * z2 * z) * whole2);
        double k3 = (2 * root / (6480 * z8 * z2) * order3) + (2 * root / (216 * z6) * whole3);
        return k0 + (rate * (k1 + (rate * (k2 + (rate * k3)))));
    }
}
