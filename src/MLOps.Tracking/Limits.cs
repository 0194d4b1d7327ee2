using System.Globalization;

namespace MLOps.Tracking;

/// <summary>The limits of names and values, MLflow's, so that what one store accepts every store accepts. Checks raise <see cref="ArgumentException"/> with the limit.</summary>
public static class Limits
{
    /// <summary>The longest key of a metric, param or tag: 250 characters.</summary>
    public const int KeyLength = 250;

    /// <summary>The longest value of a param: 6,000 characters.</summary>
    public const int ParamValueLength = 6000;

    /// <summary>The longest value of a run's tag: 8,000 characters.</summary>
    public const int TagValueLength = 8000;

    /// <summary>The longest name of an experiment: 500 characters.</summary>
    public const int ExperimentNameLength = 500;

    /// <summary>Checks a key of a metric, param or tag.</summary>
    /// <param name="key">1 to 250 letters, digits, <c>_ - . : /</c> or spaces, that do not change as a POSIX path when normalised.</param>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">The key is not legal; the message says which rule it breaks.</exception>
    public static void CheckKey(string key, string parameterName = "key")
    {
        ArgumentNullException.ThrowIfNull(key, parameterName);
        if (KeyError(key) is { } error)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>Says what is wrong with a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The rule that it breaks, or null when it is legal.</returns>
    public static string? KeyError(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length == 0)
            return "A key has at least one character.";
        if (key.Length > KeyLength)
            return $"A key has at most {KeyLength} characters; this one has {key.Length}.";
        foreach (char c in key)
        {
            if (!IsWord(c) && c is not ('.' or '-' or ' ' or ':' or '/'))
                return $"Key '{key}' contains U+{(int)c:X4}. A key has letters, digits, '_', '-', '.', ':', '/' and spaces.";
        }

        return PathError(key);
    }

    internal static void CheckValue(string value, int limit, string what, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(value, parameterName);
        if (value.Length > limit)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{what} has at most {limit} characters; this one has {value.Length}. Log long text as an artifact with LogTextAsync."), parameterName);
    }

    internal static void CheckExperimentName(string name, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(name, parameterName);
        if (name.Length is 0 or > ExperimentNameLength)
            throw new ArgumentException($"An experiment's name has 1 to {ExperimentNameLength} characters; this one has {name.Length}.", parameterName);
    }

    private static bool IsWord(char c) =>
        char.IsLetterOrDigit(c) || c == '_' || char.IsSurrogate(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static string? PathError(string key)
    {
        if (key[0] == '/')
            return $"Key '{key}' starts with '/'; a key is like a relative path.";
        foreach (Range segment in key.AsSpan().Split('/'))
        {
            if (key.AsSpan()[segment] is "" or "." or "..")
                return $"Key '{key}' has an empty, '.' or '..' part between slashes; write it as a plain relative path.";
        }

        return null;
    }
}
