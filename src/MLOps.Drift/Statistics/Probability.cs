namespace MLOps.Drift.Statistics;

/// <summary>A probability with its natural logarithm, which is still there where the probability underflows.</summary>
internal readonly record struct Probability(double Value, double Log)
{
    public static Probability One => new(1, 0);

    /// <summary>A probability that has not underflown. What rounding has put outside [0, 1] is brought back.</summary>
    public static Probability Of(double value) => value >= 1 ? One : new(Math.Max(value, 0), Math.Log(Math.Max(value, 0)));

    public static Probability FromLog(double log) => log >= 0 ? One : new(Math.Exp(log), log);

    /// <summary>Twice the probability, at most 1.</summary>
    public Probability Doubled() => Value > 1e-300 ? Of(2 * Value) : FromLog(Log + Math.Log(2));
}
