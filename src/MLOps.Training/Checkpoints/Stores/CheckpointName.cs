using System.Globalization;

namespace MLOps.Training.Checkpoints;

/// <summary>Names of checkpoints: <c>step-000000120</c>, so that they sort as their steps do.</summary>
internal static class CheckpointName
{
    private const string Prefix = "step-";

    public static string Of(long step) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D9}");

    /// <summary>The step of a name; null when it is no checkpoint's.</summary>
    public static long? StepOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step) && Of(step) == name ? step : null;

    public static void Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (StepOf(name) is null)
            throw new ArgumentException($"'{name}' is no name of a checkpoint; one is called '{Of(120)}'.", nameof(name));
    }
}
