using MathNet.Numerics;

namespace MLOps.Drift.Statistics;

/// <summary>The χ² distribution where <see cref="Tails"/> underflows, and its upper quantiles.</summary>
internal static class ChiSquaredLaw
{
    /// <summary>P(X &gt; x), with a logarithm that is right also where the probability is below the range of a double.</summary>
    public static Probability Upper(double x, double degreesOfFreedom)
    {
        Probability tail = Tails.ChiSquaredUpper(x, degreesOfFreedom);
        return tail.Value > 1e-290 ? tail : Probability.FromLog(Math.Min(LogUpper(degreesOfFreedom / 2, x / 2), Math.Log(1e-290)));
    }

    /// <summary>The x that X exceeds with a given probability, 0 to 1 exclusive.</summary>
    public static double UpperQuantile(double probability, double degreesOfFreedom)
    {
        double log = Math.Log(probability), low = 0, high = degreesOfFreedom;
        while (Upper(high, degreesOfFreedom).Log > log)
            (low, high) = (high, 2 * high);
        for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
        {
            if (Upper(middle, degreesOfFreedom).Log > log)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>ln Q(a, x) far in the tail, by the continued fraction of the incomplete Γ function (DLMF 8.9.2) in Lentz' way.</summary>
    private static double LogUpper(double a, double x)
    {
        const double tiny = 1e-300;
        double b = x + 1 - a, c = 1 / tiny, d = 1 / b, fraction = d;
        for (int i = 1; i < 10_000; i++)
        {
            double numerator = -i * (i - a);
            b += 2;
            d = (numerator * d) + b;
            d = 1 / (d == 0 ? tiny : d);
            c = b + (numerator / c);
            if (c == 0)
                c = tiny;
            double step = c * d;
            fraction *= step;
            if (Math.Abs(step - 1) < 1e-15)
                break;
        }

        return (a * Math.Log(x)) - x - SpecialFunctions.GammaLn(a) + Math.Log(fraction);
    }
}
