using MathNet.Numerics;

namespace MLOps.Drift.Statistics;

/// <summary>Upper tails of distributions: never 1 − CDF, and a logarithm where the probability underflows.</summary>
internal static class Tails
{
    /// <summary>P(Z &gt; z) of the standard normal distribution.</summary>
    public static Probability NormalUpper(double z) => Probability.Of(0.5 * SpecialFunctions.Erfc(z / Math.Sqrt(2)));

    /// <summary>P(|Z| &gt; |z|) of the standard normal distribution.</summary>
    public static Probability NormalTwoSided(double z) => NormalUpper(Math.Abs(z)).Doubled();

    /// <summary>P(X &gt; x) of the χ² distribution.</summary>
    public static Probability ChiSquaredUpper(double x, double degreesOfFreedom) =>
        x <= 0 ? Probability.One : Probability.Of(SpecialFunctions.GammaUpperRegularized(degreesOfFreedom / 2, x / 2));

    /// <summary>P(T &gt; t) of Student's distribution.</summary>
    public static Probability StudentUpper(double t, double degreesOfFreedom)
    {
        double half = 0.5 * SpecialFunctions.BetaRegularized(degreesOfFreedom / 2, 0.5, degreesOfFreedom / (degreesOfFreedom + (t * t)));
        return Probability.Of(t >= 0 ? half : 1 - half);
    }

    /// <summary>P(|T| &gt; |t|) of Student's distribution.</summary>
    public static Probability StudentTwoSided(double t, double degreesOfFreedom) => StudentUpper(Math.Abs(t), degreesOfFreedom).Doubled();
}
