using System.Globalization;

namespace MLOps.Training;

/// <summary>A schedule that a function gives: all of them are, since a schedule has no state.</summary>
internal sealed class FunctionSchedule(Func<long, double> factorAt, string description) : LearningRateSchedule(description)
{
    public override double FactorAt(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        double factor = factorAt(step);
        return factor >= 0 && double.IsFinite(factor)
            ? factor
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The schedule '{Description}' gives {factor} at step {step}: a factor is finite and at least 0."));
    }
}
