namespace MLOps.Drift.Statistics;

/// <summary>Elementary functions near zero to the last digits: <see cref="double.LogP1(double)"/> and <see cref="double.ExpM1(double)"/> of .NET are ln(x + 1) and e^x − 1 as written, which lose them.</summary>
internal static class Elementary
{
    /// <summary>ln(1 + x).</summary>
    /// <remarks>The rounding of 1 + x cancels between the logarithm and the divisor (Kahan; Higham 2002, Accuracy and Stability of Numerical Algorithms, 2nd ed., p. 31).</remarks>
    public static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 || double.IsInfinity(sum) ? x : Math.Log(sum) * (x / (sum - 1));
    }

    /// <summary>e^x − 1.</summary>
    public static double ExpMinusOne(double x)
    {
        double power = Math.Exp(x);
        if (power == 1)
            return x;
        return power - 1 is var difference && (difference <= -1 || power > 2) ? difference : difference * (x / Math.Log(power));
    }
}
