using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MLOps.Registry;

/// <summary>Names a model to be used: <c>models:/fraud/3</c>, <c>models:/fraud@champion</c>, <c>models:/fraud/latest</c>, <c>models:/fraud/Production</c> or <c>runs:/&lt;run id&gt;/model</c>. Immutable.</summary>
/// <remarks><c>models:/</c> may be left out: <c>fraud@champion</c> is the same as <c>models:/fraud@champion</c>. Two are equal when they name the same thing.</remarks>
public sealed record ModelUri
{
    private ModelUri()
    {
    }

    /// <summary>The model's name; null for a run.</summary>
    public string? Model { get; private init; }

    /// <summary>The version's number; null where another way names it.</summary>
    public int? Number { get; private init; }

    /// <summary>The alias; null where another way names the version.</summary>
    public string? Alias { get; private init; }

    /// <summary>The stage of which the newest version is meant; null where another way names it.</summary>
    public ModelStage? Stage { get; private init; }

    /// <summary>Whether the version with the highest number is meant.</summary>
    public bool IsLatest { get; private init; }

    /// <summary>The run; null for a registered model.</summary>
    public RunId? RunId { get; private init; }

    /// <summary>The path below the run's artifacts; null for a registered model.</summary>
    public string? Path { get; private init; }

    /// <summary>Whether it names the same files for ever: a version by its number, or a run.</summary>
    public bool IsFixed => Number is not null || RunId is not null;

    /// <summary>Takes a URI as it is written, so that a literal can stand where a URI is asked for.</summary>
    /// <param name="text">The URI.</param>
    /// <exception cref="ArgumentException">It is no model URI.</exception>
    public static implicit operator ModelUri(string text) => Parse(text);

    /// <summary>Names a version by its number.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <returns>The URI.</returns>
    /// <exception cref="ArgumentException">The name or the number is not legal.</exception>
    public static ModelUri OfVersion(string model, int number)
    {
        RegistryLimits.CheckModelName(model, nameof(model));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        return new ModelUri { Model = model, Number = number };
    }

    /// <summary>Names the version that an alias points to.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="alias">The alias.</param>
    /// <returns>The URI.</returns>
    /// <exception cref="ArgumentException">The name or the alias is not legal.</exception>
    public static ModelUri OfAlias(string model, string alias)
    {
        RegistryLimits.CheckModelName(model, nameof(model));
        RegistryLimits.CheckAlias(alias);
        return new ModelUri { Model = model, Alias = alias };
    }

    /// <summary>Reads a URI.</summary>
    /// <param name="text">The URI.</param>
    /// <returns>What it names.</returns>
    /// <exception cref="ArgumentException">It is no model URI; the message says what one looks like.</exception>
    public static ModelUri Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out ModelUri? uri)
            ? uri
            : throw new ArgumentException($"'{text}' is no model URI. Write models:/fraud/3, models:/fraud@champion, models:/fraud/latest or runs:/<run id>/<path>.", nameof(text));
    }

    /// <summary>Reads a URI, if it is one.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="uri">What it names.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ModelUri? uri)
    {
        uri = text is null ? null : text.StartsWith("runs:/", StringComparison.Ordinal) ? OfRun(text[6..]) : OfModel(text.StartsWith("models:/", StringComparison.Ordinal) ? text[8..] : text);
        return uri is not null;
    }

    /// <summary>The URI in full.</summary>
    /// <returns>For example <c>models:/fraud@champion</c>.</returns>
    public override string ToString() =>
        RunId is { } run ? $"runs:/{run}/{Path}"
        : Alias is not null ? $"models:/{Model}@{Alias}"
        : string.Create(CultureInfo.InvariantCulture, $"models:/{Model}/{(IsLatest ? "latest" : Stage is { } stage ? stage.ToString() : Number!.Value.ToString(CultureInfo.InvariantCulture))}");

    private static ModelUri? OfRun(string rest)
    {
        string[] parts = rest.Split('/', 2);
        return parts.Length == 2 && Tracking.RunId.TryParse(parts[0], out RunId run) && Tracking.Artifacts.ArtifactPath.TryParse(parts[1], out _) ? new ModelUri { RunId = run, Path = parts[1] } : null;
    }

    private static ModelUri? OfModel(string rest)
    {
        int slash = rest.IndexOf('/', StringComparison.Ordinal), at = rest.LastIndexOf('@');
        if (slash < 0)
            return at > 0 && RegistryLimits.ModelNameError(rest[..at]) is null && RegistryLimits.AliasError(rest[(at + 1)..]) is null ? new ModelUri { Model = rest[..at], Alias = rest[(at + 1)..] } : null;
        (string model, string which) = (rest[..slash], rest[(slash + 1)..]);
        if (RegistryLimits.ModelNameError(model) is not null)
            return null;
        if (int.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return number > 0 ? new ModelUri { Model = model, Number = number } : null;
        if (which.Equals("latest", StringComparison.OrdinalIgnoreCase))
            return new ModelUri { Model = model, IsLatest = true };
        return Enum.TryParse(which, ignoreCase: true, out ModelStage stage) && stage is >= ModelStage.None and <= ModelStage.Archived && !char.IsAsciiDigit(which[0]) ? new ModelUri { Model = model, Stage = stage } : null;
    }
}
