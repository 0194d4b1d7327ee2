using System.Globalization;

namespace MLOps.Registry;

/// <summary>The limits of names and values, MLflow's, so that what one store accepts every store accepts. Checks raise <see cref="ArgumentException"/> with the rule.</summary>
public static class RegistryLimits
{
    /// <summary>The longest name of a model: 256 characters.</summary>
    public const int ModelNameLength = 256;

    /// <summary>The longest alias: 255 characters.</summary>
    public const int AliasLength = 255;

    /// <summary>The longest value of a tag of a model or a version: 100,000 characters.</summary>
    public const int TagValueLength = 100_000;

    /// <summary>The longest description: 100,000 characters.</summary>
    public const int DescriptionLength = 100_000;

    /// <summary>The longest reason or comment: 5,000 characters.</summary>
    public const int ReasonLength = 5_000;

    /// <summary>Checks the name of a model.</summary>
    /// <param name="name">1 to 256 characters, not all white space, without <c>/</c>, <c>:</c> and control characters, not <c>.</c>, not beginning with <c>..</c>.</param>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">The name is not legal; the message says which rule it breaks.</exception>
    public static void CheckModelName(string name, string parameterName = "name")
    {
        ArgumentNullException.ThrowIfNull(name, parameterName);
        if (ModelNameError(name) is { } error)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>Says what is wrong with the name of a model.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The rule that it breaks, or null when it is legal.</returns>
    public static string? ModelNameError(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (string.IsNullOrWhiteSpace(name))
            return "A model's name is not empty.";
        if (name.Length > ModelNameLength)
            return string.Create(CultureInfo.InvariantCulture, $"A model's name has at most {ModelNameLength} characters; this one has {name.Length}.");
        if (name.AsSpan().ContainsAny('/', ':'))
            return $"Model name '{name}' contains '/' or ':', which model URIs need for themselves. Choose another name.";
        if (name == "." || name.StartsWith("..", StringComparison.Ordinal))
            return $"Model name '{name}' would be a path. Choose another name.";
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsControl(name[i]))
                return string.Create(CultureInfo.InvariantCulture, $"A model's name has no control characters; this one has U+{(int)name[i]:X4}.");
            if (char.IsSurrogatePair(name, i < name.Length - 1 ? i : 0) && char.IsHighSurrogate(name[i]))
                i++;
            else if (char.IsSurrogate(name[i]))
                return "A model's name has no half of a surrogate pair.";
        }

        return null;
    }

    /// <summary>Checks an alias.</summary>
    /// <param name="alias">1 to 255 letters, digits, <c>_</c> or <c>-</c>; not <c>latest</c> in any case, not <c>v</c> and digits.</param>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">The alias is not legal; the message says which rule it breaks.</exception>
    public static void CheckAlias(string alias, string parameterName = "alias")
    {
        ArgumentNullException.ThrowIfNull(alias, parameterName);
        if (AliasError(alias) is { } error)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>Says what is wrong with an alias.</summary>
    /// <param name="alias">The alias.</param>
    /// <returns>The rule that it breaks, or null when it is legal.</returns>
    public static string? AliasError(string alias)
    {
        ArgumentNullException.ThrowIfNull(alias);
        if (alias.Length is 0 or > AliasLength)
            return string.Create(CultureInfo.InvariantCulture, $"An alias has 1 to {AliasLength} characters; this one has {alias.Length}.");
        foreach (char c in alias)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '-'))
                return string.Create(CultureInfo.InvariantCulture, $"Alias '{alias}' contains U+{(int)c:X4}. An alias has letters, digits, '_' and '-'.");
        }

        if (alias.Equals("latest", StringComparison.OrdinalIgnoreCase))
            return "'latest' is reserved: it always means the version that was registered last. Choose another alias, for example 'champion'.";
        return alias.Length > 1 && alias[0] is 'v' or 'V' && alias.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0 && alias.Length > 1
            ? $"Alias '{alias}' looks like a version number, and is reserved. Choose another alias, for example 'champion'."
            : null;
    }

    internal static void CheckTag(string key, string value, string parameterName = "value")
    {
        Limits.CheckKey(key);
        CheckText(value, TagValueLength, $"The value of tag '{key}'", parameterName);
    }

    internal static void CheckName(string name, string what, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(name, parameterName);
        if (name.Length is 0 or > Limits.KeyLength)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{what} has 1 to {Limits.KeyLength} characters; this one has {name.Length}."), parameterName);
    }

    internal static void CheckText(string? text, int limit, string what, string parameterName)
    {
        if (text?.Length > limit)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{what} has at most {limit} characters; this one has {text.Length}."), parameterName);
    }
}
