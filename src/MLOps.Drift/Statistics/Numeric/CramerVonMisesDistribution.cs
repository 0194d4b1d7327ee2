namespace MLOps.Drift.Statistics;

/// <summary>The limiting law of the Cramér–von Mises statistic ω².</summary>
internal static class CramerVonMisesDistribution
{
    /// <summary>
    /// P(ω² &gt; x) = (2/π) Σ (−1)^(k+1) ∫ e^(−xs²/2) / √(−s sin s) ds, s from (2k − 1)π to 2kπ: Smirnov (1936). With s = (2k − 1)π + π sin²(θ/2) the integrand is smooth and periodic
    /// in θ, and the midpoint rule exact to rounding. No digit is lost in the far tail, where 1 − CDF, by the series of Csörgő and Faraway (1996), has noise of 1e-9.
    /// </summary>
    public static Probability Upper(double x)
    {
        // Below, the complement is less than rounding.
        if (x <= 0.003)
            return Probability.One;

        // In the tail the integrand is a bell in θ of the width 0.45/√x. What the exponent of the first stretch has in common with all is taken out.
        int nodes = (int)Math.Min(64 + (12 * Math.Sqrt(x)), 1e6);
        double common = x * Math.PI * Math.PI / 2, sum = 0;
        for (int k = 1; ; k++)
        {
            double start = ((2 * k) - 1) * Math.PI;
            if (Exponent(x, start) < -50)
                break;
            double stretch = 0;
            for (int node = 0; node < nodes; node++)
            {
                double half = (node + 0.5) * Math.PI / (2 * nodes), sin = Math.Sin(half), cos = Math.Cos(half), s = start + (Math.PI * sin * sin), exponent = Exponent(x, s);
                if (exponent < -50)
                    break;
                stretch += Math.Exp(exponent) * Math.PI * sin * cos / Math.Sqrt(s * Math.Sin(Math.PI * Math.Min(sin * sin, cos * cos)));
            }

            sum += (k % 2 == 1 ? 1 : -1) * stretch;
        }

        sum *= 2.0 / nodes;
        return common < 600 ? Probability.Of(sum * Math.Exp(-common)) : Probability.FromLog(Math.Log(sum) - common);
    }

    private static double Exponent(double x, double s) => -x * (s - Math.PI) * (s + Math.PI) / 2;
}
