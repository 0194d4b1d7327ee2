namespace MLOps.Drift.Statistics;

/// <summary>A probability with its natural logarithm, which is still there where the probability underflows. NaN with NaN where there is none.</summary>
internal readonly record struct Probability(double Value, double Log)
{
    public static Probability Zero => new(0, double.NegativeInfinity);

    public static Probability One => new(1, 0);

    /// <summary>A probability that has not underflown. What rounding has put outside [0, 1] is brought back.</summary>
    public static Probability Of(double value) => value >= 1 ? One : new(Math.Max(value, 0), Math.Log(Math.Max(value, 0)));

    /// <summary>1 − a probability, with a logarithm that is right also where the difference rounds to 1.</summary>
    public static Probability OneMinus(double value) => value >= 1 ? Zero : new(1 - Math.Max(value, 0), Elementary.LogOnePlus(-Math.Max(value, 0)));

    public static Probability FromLog(double log) => log >= 0 ? One : new(Math.Exp(log), log);

    /// <summary>e^<paramref name="exponent"/> · <paramref name="factor"/>: nearer than by the logarithm, which rounds in proportion to its size.</summary>
    public static Probability Product(double exponent, double factor)
    {
        double value = Math.Exp(exponent) * factor, log = exponent + Math.Log(factor);
        return value >= 1 || log >= 0 ? One : new(value, log);
    }

    /// <summary>Twice the probability, at most 1.</summary>
    public Probability Doubled() => Value > 1e-300 ? Of(2 * Value) : FromLog(Log + Math.Log(2));
}
