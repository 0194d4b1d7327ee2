using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MLOps.Tracking.Evaluation;

/// <summary>The rules that the rows of every metric obey; a breach says which row it is.</summary>
internal static class RowChecks
{
    public static void SameLength(int length, string name, int otherLength, string otherName)
    {
        if (length != otherLength)
            throw new ArgumentException($"{name} has {length} rows and {otherName} has {otherLength}; give both the same rows.", otherName);
    }

    public static void NotEmpty(int length, string name)
    {
        if (length == 0)
            throw new ArgumentException($"{name} is empty; a metric needs at least one row.", name);
    }

    public static void NoNaN(ReadOnlySpan<double> values, string name)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]))
                Refuse(values[i], name, i, "a number");
        }
    }

    public static void Finite(ReadOnlySpan<double> values, string name)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
                Refuse(values[i], name, i, "a finite number");
        }
    }

    public static void Probabilities(ReadOnlySpan<double> values, string name)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!IsProbability(values[i]))
                Refuse(values[i], name, i, "a probability, 0 to 1");
        }
    }

    public static void Classes(ReadOnlySpan<int> values, int classCount, string name)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if ((uint)values[i] >= (uint)classCount)
                Refuse(values[i], name, i, string.Create(CultureInfo.InvariantCulture, $"a class, 0 to {classCount - 1}"));
        }
    }

    /// <summary>Checks the weights of rows.</summary>
    /// <param name="weights">As many as rows; or none, then each row weighs 1.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="rowsName">The argument that has the rows.</param>
    /// <returns>The sum of the weights; it may be 0.</returns>
    public static double Weights(ReadOnlySpan<double> weights, int rows, string rowsName)
    {
        if (weights.IsEmpty)
            return rows;
        SameLength(rows, rowsName, weights.Length, nameof(weights));
        CompensatedSum total = default;
        for (int i = 0; i < weights.Length; i++)
        {
            if (!IsWeight(weights[i]))
                Refuse(weights[i], nameof(weights), i, "a weight, finite and not negative");
            total.Add(weights[i]);
        }

        if (!double.IsFinite(total.Value))
            throw new ArgumentException("The weights add up to infinity; divide all of them by one number.", nameof(weights));
        return total.Value;
    }

    public static void Finite(double value, string name)
    {
        if (!double.IsFinite(value))
            Refuse(value, name, null, "a finite number");
    }

    public static void Probability(double value, string name)
    {
        if (!IsProbability(value))
            Refuse(value, name, null, "a probability, 0 to 1");
    }

    public static void Weight(double weight)
    {
        if (!IsWeight(weight))
            Refuse(weight, nameof(weight), null, "a weight, finite and not negative");
    }

    public static void Threshold(double threshold)
    {
        if (double.IsNaN(threshold))
            Refuse(threshold, nameof(threshold), null, "a number");
    }

    // NaN compares false.
    private static bool IsProbability(double value) => value is >= 0 and <= 1;

    private static bool IsWeight(double value) => value is >= 0 and < double.PositiveInfinity;

    [DoesNotReturn, StackTraceHidden]
    private static void Refuse(double value, string name, int? row, string expected) =>
        throw new ArgumentException(
            string.Create(CultureInfo.InvariantCulture, $"{name}{(row is { } at ? string.Create(CultureInfo.InvariantCulture, $"[{at}]") : "")} is {value}; it must be {expected}."), name);
}
