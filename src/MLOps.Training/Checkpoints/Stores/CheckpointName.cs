using System.Globalization;

namespace MLOps.Training.Checkpoints;

/// <summary>Names of checkpoints: <c>step-000000120</c>, so that they sort as their steps do.</summary>
internal static class CheckpointName
{
    private const string Prefix = "step-", Extension = ".safetensors";

    public static string Of(long step) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D9}");

    /// <summary>The step of a name; null when it is no checkpoint's.</summary>
    public static long? StepOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step) && Of(step) == name ? step : null;

    /// <summary>The file of a part's tensors.</summary>
    public static string FileOf(string part) => part + Extension;

    /// <summary>Whether a part may be called so: its name becomes that of a file.</summary>
    public static bool IsPart(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');

    /// <summary>Whether a file may be one of a checkpoint: none that a manifest names leads out of its folder.</summary>
    public static bool IsFile(string name) => name.EndsWith(Extension, StringComparison.Ordinal) && IsPart(name[..^Extension.Length]);

    public static void Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (StepOf(name) is null)
            throw new ArgumentException($"'{name}' is no name of a checkpoint; one is called '{Of(120)}'.", nameof(name));
    }
}
