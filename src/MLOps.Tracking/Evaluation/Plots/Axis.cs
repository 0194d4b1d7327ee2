using System.Globalization;

namespace MLOps.Tracking.Evaluation.Plots;

/// <summary>A linear axis of a plot, from one value to a larger one, with ticks at round numbers.</summary>
internal sealed class Axis
{
    private const int TicksWanted = 5;
    private readonly double _step;

    public Axis(string label, double from, double to)
    {
        // A column of one value, or of values that differ in their last digits, still needs a length to stand on.
        double largest = Math.Max(Math.Abs(from), Math.Abs(to)), margin = (to / 2) - (from / 2) > Math.Max(largest * 1e-9, 1e-300) ? 0 : Math.Max(0.5, largest * 1e-3);
        (Label, From, To) = (label, Math.Max(double.MinValue, from - margin), Math.Min(double.MaxValue, to + margin));
        double rough = ((To / 2) - (From / 2)) / TicksWanted * 2, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        _step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
    }

    public string Label { get; }

    public double From { get; }

    public double To { get; }

    /// <summary>The ticks with their texts, upwards.</summary>
    public IEnumerable<(double Value, string Text)> Ticks
    {
        get
        {
            // Half a thousandth of a step of grace keeps the tick at an end that rounding has pushed out.
            double first = Math.Ceiling((From / _step) - 0.0005), last = Math.Floor((To / _step) + 0.0005);
            for (double number = first; number <= last; number++)
                yield return (number * _step, Format(number * _step));
        }
    }

    /// <summary>Where a value lies between the ends, 0 to 1.</summary>
    // Halves, because the difference of two doubles may not be one.
    public double Position(double value) => ((value / 2) - (From / 2)) / ((To / 2) - (From / 2));

    private string Format(double value)
    {
        int stepDigit = (int)Math.Floor(Math.Log10(_step) + 1e-9), firstDigit = (int)Math.Floor(Math.Log10(Math.Max(Math.Abs(From), Math.Abs(To))));
        if (firstDigit is >= -3 and < 6)
            return (Math.Round(value, Math.Clamp(-stepDigit, 0, 15)) + 0.0).ToString("0.###############", CultureInfo.InvariantCulture);
        return value == 0 ? "0" : value.ToString("0." + new string('#', Math.Clamp(firstDigit - stepDigit, 0, 15)) + "e+0", CultureInfo.InvariantCulture);
    }
}
