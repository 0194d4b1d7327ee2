namespace MLOps.Drift.Statistics;

/// <summary>Upper tails of distributions: never 1 − CDF, and a logarithm where the probability underflows.</summary>
/// <remarks>
/// <para>Each tail is the density where it begins times an integral over how the density falls from there: ∫₀^∞ e^−g(s) ds, where g(0) = 0 and g never falls. One rule of quadrature computes
/// the integral for all distributions and degrees of freedom, also a billion, and all its terms are positive, so that nothing cancels; the density is computed apart, so that its logarithm
/// is there where it underflows.</para>
/// <para>Relative error, against 60 digits: below 1e-12 where p is 1e-300 or more (mostly below 1e-14), for degrees of freedom of 0.001 and more; logarithms below 1e-12. NaN, and degrees of
/// freedom that no distribution has, give NaN. Each call takes a few microseconds and allocates nothing.</para>
/// </remarks>
internal static class Tails
{
    // s = exp(u − e^−u) makes the trapezoidal rule converge exponentially for integrands that fall as e^−s (Takahasi and Mori 1974, Publ. RIMS 9, 721–741).
    // This step and these ends give 2e-16 for each of the integrands below.
    private static readonly (double At, double Weight)[] Nodes = HalfLine(step: 0.1, from: -37, to: 67);

    // Said, not summed: samples without a difference have a p-value of 1, not of one bit less.
    private static Probability Half => new(0.5, -Math.Log(2));

    /// <summary>P(Z &gt; z) of the standard normal distribution.</summary>
    public static Probability NormalUpper(double z)
    {
        if (z < 0)
            return Probability.OneMinus(NormalUpper(-z).Value);
        if (z == 0)
            return Half;
        if (double.IsPositiveInfinity(z))
            return Probability.Zero;

        double scale = 1 / (1 + z), sum = 0;
        foreach ((double at, double weight) in Nodes)
        {
            double s = scale * at;
            sum += weight * Math.Exp(-s * (z + (s / 2)));
        }

        // What rounding takes from z² would be a relative error of that size in the density; where the density underflows, there is only the logarithm, which does not feel it.
        double square = z * z, lost = square < 2000 ? Math.FusedMultiplyAdd(z, z, -square) : 0;
        return Probability.Product(-square / 2, scale * sum / Math.Sqrt(2 * Math.PI) * Math.Exp(-lost / 2));
    }

    /// <summary>P(|Z| &gt; |z|) of the standard normal distribution.</summary>
    public static Probability NormalTwoSided(double z) => NormalUpper(Math.Abs(z)).Doubled();

    /// <summary>P(X &gt; x) of the χ² distribution; 1 for x ≤ 0, whatever the degrees of freedom. No degrees of freedom leave 0 as the only value.</summary>
    public static Probability ChiSquaredUpper(double x, double degreesOfFreedom)
    {
        double a = degreesOfFreedom / 2, half = x / 2;
        if (double.IsNaN(x) || !(a >= 0) || (double.IsInfinity(a) && double.IsPositiveInfinity(half)))
            return new Probability(double.NaN, double.NaN);
        if (half <= 0 || double.IsInfinity(a))
            return Probability.One;
        if (a == 0 || double.IsInfinity(half))
            return Probability.Zero;

        // x^a e^−x / Γ(a) in the saddle-point form of Loader (2000): a·ln x − x − ln Γ(a) would lose a digit for each power of ten in a.
        double exponent = -Deviance(a, half) - StirlingError(a), factor = Math.Sqrt(a / (2 * Math.PI));
        if (half >= a)
            return Probability.Product(exponent, factor * GammaFall(a, half));
        return Probability.OneMinus(Probability.Product(exponent, factor * GammaRise(a, half)).Value);
    }

    /// <summary>The x with P(X &gt; x) = <paramref name="probability"/> of the χ² distribution, within 1e-14 of itself as far as the tail is; NaN for what is no probability and for degrees of freedom that are not finite.</summary>
    /// <remarks>Halves the doubles between the bounds of Laurent and Massart (2000), Annals of Statistics 28, 1302–1338, lemma 1: about fifty tails.</remarks>
    public static double ChiSquaredUpperQuantile(double probability, double degreesOfFreedom)
    {
        if (!(probability is >= 0 and <= 1) || !(degreesOfFreedom >= 0) || double.IsInfinity(degreesOfFreedom))
            return double.NaN;
        if (probability == 1 || degreesOfFreedom == 0)
            return 0;
        if (probability == 0)
            return double.PositiveInfinity;

        double log = Math.Log(probability), below = -Elementary.LogOnePlus(-probability);
        double low = Math.Max(0, degreesOfFreedom - (2 * Math.Sqrt(degreesOfFreedom * below))), high = degreesOfFreedom + (2 * Math.Sqrt(degreesOfFreedom * -log)) - (2 * log);
        while (high - low > 1e-15 * high)
        {
            // The order of positive doubles is that of their bits, and in bits a quantile of 1e-300 is no further away than one of 1.
            long bits = BitConverter.DoubleToInt64Bits(low);
            double middle = BitConverter.Int64BitsToDouble(bits + ((BitConverter.DoubleToInt64Bits(high) - bits) / 2));
            if (middle == low)
                break;
            if (ChiSquaredUpper(middle, degreesOfFreedom).Log > log)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>P(T &gt; t) of Student's distribution; the normal one's for infinite degrees of freedom.</summary>
    public static Probability StudentUpper(double t, double degreesOfFreedom)
    {
        if (double.IsNaN(t) || !(degreesOfFreedom > 0))
            return new Probability(double.NaN, double.NaN);
        if (double.IsInfinity(degreesOfFreedom))
            return NormalUpper(t);
        if (t < 0)
            return Probability.OneMinus(StudentUpper(-t, degreesOfFreedom).Value);
        if (t == 0 || degreesOfFreedom < 1e-300)
            return Half;
        if (double.IsInfinity(t))
            return Probability.Zero;

        // With t = √ν·sinh θ the density is cosh θ to the power −ν.
        double ratio = t / Math.Sqrt(degreesOfFreedom), slope = ratio > 1e8 ? 1 : ratio / Math.Sqrt(1 + (ratio * ratio));
        double logCosh = ratio > 1e8 ? Math.Log(ratio) : 0.5 * Elementary.LogOnePlus(t < 1e150 ? t * t / degreesOfFreedom : ratio * ratio);
        double scale = 1 / ((degreesOfFreedom * slope) + Math.Min(degreesOfFreedom, Math.Sqrt(degreesOfFreedom))), sum = 0;
        foreach ((double at, double weight) in Nodes)
        {
            double s = scale * at, sinhHalf = Math.Sinh(s / 2);
            double fall = s > 40 ? s + Math.Log((1 + slope) / 2) : Elementary.LogOnePlus((2 * sinhHalf * sinhHalf) + (slope * Math.Sinh(s)));
            sum += weight * Math.Exp(-degreesOfFreedom * fall);
        }

        return Probability.Product(-degreesOfFreedom * logCosh, GammaRatio(degreesOfFreedom / 2) / Math.Sqrt(Math.PI) * scale * sum);
    }

    /// <summary>P(|T| &gt; |t|) of Student's distribution.</summary>
    public static Probability StudentTwoSided(double t, double degreesOfFreedom) => StudentUpper(Math.Abs(t), degreesOfFreedom).Doubled();

    /// <summary>Γ(a, x) / (x^a e^−x) for x ≥ a: ∫₀^∞ (1 + v)^(a − 1) e^−xv dv.</summary>
    private static double GammaFall(double a, double x)
    {
        // The last node is at 812 scales, and has to be where e^−xv has gone.
        double scale = Math.Max(1 / ((x - a) + Math.Sqrt(x)), 0.06 / x), sum = 0;
        foreach ((double at, double weight) in Nodes)
        {
            double v = scale * at;
            double fall = a >= 1 ? ((x - a + 1) * v) + ((a - 1) * MinusLogP1(v)) : (x * v) + ((1 - a) * Elementary.LogOnePlus(v));
            sum += weight * Math.Exp(-fall);
        }

        return scale * sum;
    }

    /// <summary>γ(a, x) / (x^a e^−x) for x ≤ a: ∫₀^∞ exp(−x(e^−s − 1 + s) − (a − x)s) ds.</summary>
    private static double GammaRise(double a, double x)
    {
        double scale = Math.Max(1 / ((a - x) + Math.Sqrt(x)), 0.06 / a), sum = 0;
        foreach ((double at, double weight) in Nodes)
        {
            double s = scale * at;
            sum += weight * Math.Exp(-(x * ExpM1Plus(s)) - ((a - x) * s));
        }

        return scale * sum;
    }

    /// <summary>a·ln(a / x) + x − a, 0 or more, without cancellation where x is near a.</summary>
    private static double Deviance(double a, double x)
    {
        double v = (a - x) / (a + x);
        if (Math.Abs(v) > 0.3)
        {
            double ratio = a / x;
            return (a * (ratio > 0 && double.IsFinite(ratio) ? Math.Log(ratio) : Math.Log(a) - Math.Log(x))) + (x - a);
        }

        double sum = (a - x) * v, term = 2 * a * v;
        for (int power = 3; ; power += 2)
        {
            term *= v * v;
            double next = sum + (term / power);
            if (next == sum)
                return sum;
            sum = next;
        }
    }

    /// <summary>ln Γ(a + 1) − (a + ½) ln a + a − ½ ln 2π.</summary>
    private static double StirlingError(double a)
    {
        double shifted = 0;
        for (; a < 16; a++)
            shifted += ((a + 0.5) * Elementary.LogOnePlus(1 / a)) - 1;
        double r = 1 / (a * a);
        return shifted + ((1 / 12.0 - (r * (1 / 360.0 - (r * (1 / 1260.0 - (r * (1 / 1680.0 - (r * (1 / 1188.0 - (r * 691 / 360360.0)))))))))) / a);
    }

    /// <summary>Γ(x + ½) / Γ(x).</summary>
    private static double GammaRatio(double x)
    {
        double shift = 1;
        for (; x < 20; x++)
            shift *= x / (x + 0.5);
        double r = 1 / (x * x);
        return shift * Math.Sqrt(x) * Math.Exp(-(1 / 8.0 - (r * (1 / 192.0 - (r * (1 / 640.0 - (r * (17 / 14336.0 - (r * 31 / 18432.0)))))))) / x);
    }

    /// <summary>v − ln(1 + v) for v ≥ 0.</summary>
    private static double MinusLogP1(double v)
    {
        if (v > 0.5)
            return v - Elementary.LogOnePlus(v);

        // ln(1 + v) is 2·artanh(r), and v − 2r is v·r.
        double r = v / (2 + v), square = r * r, term = r * square, sum = 0;
        for (int power = 3; ; power += 2)
        {
            double next = sum + (term / power);
            if (next == sum)
                return (v * r) - (2 * sum);
            sum = next;
            term *= square;
        }
    }

    /// <summary>e^−s − 1 + s for s ≥ 0.</summary>
    private static double ExpM1Plus(double s)
    {
        if (s > 0.7)
            return Math.Exp(-s) - 1 + s;
        double term = s * s / 2, sum = 0;
        for (int power = 3; ; power++)
        {
            double next = sum + term;
            if (next == sum)
                return sum;
            sum = next;
            term *= -s / power;
        }
    }

    private static (double At, double Weight)[] HalfLine(double step, int from, int to)
    {
        var nodes = new (double At, double Weight)[to - from + 1];
        for (int node = from; node <= to; node++)
        {
            double u = step * node, fall = Math.Exp(-u), at = Math.Exp(u - fall);
            nodes[node - from] = (at, step * (1 + fall) * at);
        }

        return nodes;
    }
}
