using System.Buffers;
using System.Globalization;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

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

    /// <summary>The longest value of an experiment's tag: 5,000 characters.</summary>
    public const int ExperimentTagValueLength = 5000;

    /// <summary>The longest name of a dataset: 500 characters.</summary>
    public const int DatasetNameLength = 500;

    /// <summary>The longest digest of a dataset: 36 characters.</summary>
    public const int DatasetDigestLength = 36;

    /// <summary>The longest source of a dataset: 65,535 characters.</summary>
    public const int DatasetSourceLength = 65_535;

    /// <summary>The longest schema of a dataset: 1,048,575 characters.</summary>
    public const int DatasetSchemaLength = 1_048_575;

    /// <summary>The longest profile of a dataset: 16,777,215 characters.</summary>
    public const int DatasetProfileLength = 16_777_215;

    /// <summary>The longest role of a dataset: 500 characters.</summary>
    public const int DatasetRoleLength = 500;

    /// <summary>The longest key of a tag of a dataset input: 255 characters.</summary>
    public const int InputTagKeyLength = 255;

    /// <summary>The longest value of a tag of a dataset input: 500 characters.</summary>
    public const int InputTagValueLength = 500;

    /// <summary>The longest name of a logged model: 500 characters.</summary>
    public const int LoggedModelNameLength = 500;

    /// <summary>The longest type of a logged model: 500 characters.</summary>
    public const int LoggedModelTypeLength = 500;

    /// <summary>The longest word on the status of a logged model: 1,000 characters.</summary>
    public const int LoggedModelStatusMessageLength = 1000;

    /// <summary>The longest artifact location of a logged model: 2,048 characters.</summary>
    public const int LoggedModelLocationLength = 2048;

    // Where MLflow keeps the role of a dataset.
    private const string RoleTag = "mlflow.data.context";
    private static readonly SearchValues<char> s_notInLoggedModelNames = SearchValues.Create("/:.%\"'");

    // The last millisecond that DateTimeOffset can say.
    internal const long LastTimestampMs = 253_402_300_799_999;

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

    /// <summary>Checks the name of a logged model.</summary>
    /// <param name="name">1 to 500 characters, none of <c>/ : . % " '</c>.</param>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">The name is not legal; the message says which rule it breaks.</exception>
    public static void CheckLoggedModelName(string name, string parameterName = "name")
    {
        ArgumentNullException.ThrowIfNull(name, parameterName);
        if (LoggedModelNameError(name) is { } error)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>Says what is wrong with the name of a logged model.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The rule that it breaks, or null when it is legal.</returns>
    public static string? LoggedModelNameError(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return LengthError(name, 1, LoggedModelNameLength, "A logged model's name")
            ?? (name.AsSpan().ContainsAny(s_notInLoggedModelNames) ? $"A logged model's name has none of / : . % \" '; '{name}' has." : null);
    }

    /// <summary>Says what is wrong with a record, so that every store refuses the same ones as <see cref="RejectionReason.Invalid"/>.</summary>
    /// <param name="record">The record, from any source.</param>
    /// <returns>The rule that it breaks, or null when it is legal by itself; whether it fits what the store holds is the store's to see.</returns>
    public static string? RecordError(TrackingRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.RunId == default
            ? "The run id is empty. RunId.New() makes one."
            : record switch
            {
                TrackingRecord.RunStarted started => StartError(started),
                TrackingRecord.RunUpdated updated => StatusError(updated.Status) ?? TimeError(updated.EndedAtMs, "end") ?? LengthError(updated.Name ?? "", 0, TagValueLength, "A run's name"),
                TrackingRecord.ParamLogged param => ParamError(param.Key, param.Value),
                TrackingRecord.TagSet tag => TagError(tag.Key, tag.Value),
                TrackingRecord.TagDeleted tag => MissingError(tag.Key),
                TrackingRecord.PointsLogged points => MissingError(points.Key) ?? KeyError(points.Key) ?? PointsError(points.Points.Span) ?? MeasurementError(points),
                TrackingRecord.DatasetUsed used => DatasetError(used.Dataset),
                TrackingRecord.ModelUsed used => ModelError(used.Model),
                TrackingRecord.ModelProduced produced => produced.Output is null ? "The output is missing." : ModelError(produced.Output.Id),
                _ => $"Records of type {record.GetType().Name} are not known here.",
            };
    }

    internal static void CheckValue(string value, int limit, string what, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(value, parameterName);
        if (value.Length > limit)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{what} has at most {limit} characters; this one has {value.Length}. Log long text as an artifact with LogTextAsync."), parameterName);
    }

    internal static string? ParamError(string key, string value) => MissingError(key) ?? KeyError(key) ?? LengthError(value, 0, ParamValueLength, $"The value of param '{key}'");

    internal static string? TagError(string key, string value) => MissingError(key) ?? KeyError(key) ?? LengthError(value, 0, TagValueLength, $"The value of tag '{key}'");

    internal static void CheckExperimentName(string name, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(name, parameterName);
        if (name.Length is 0 or > ExperimentNameLength)
            throw new ArgumentException($"An experiment's name has 1 to {ExperimentNameLength} characters; this one has {name.Length}.", parameterName);
    }

    internal static void CheckExperimentTags(IReadOnlyDictionary<string, string> tags, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(tags, parameterName);
        foreach ((string key, string value) in tags)
        {
            CheckKey(key, parameterName);
            ArgumentNullException.ThrowIfNull(value, parameterName);
            if (value.Length > ExperimentTagValueLength)
                throw new ArgumentException($"The value of an experiment's tag has at most {ExperimentTagValueLength} characters; this one has {value.Length}.", parameterName);
        }
    }

    private static string? StartError(TrackingRecord.RunStarted started)
    {
        if (started.ExperimentName is null == started.ExperimentId is null)
            return "A run starts in an experiment given either by name or by id.";
        return (started.ExperimentName is { } experiment ? LengthError(experiment, 1, ExperimentNameLength, "An experiment's name") : null)
            ?? LengthError(started.Name, 0, TagValueLength, "A run's name")
            ?? LengthError(started.User, 0, TagValueLength, "A run's user")
            ?? StatusError(started.Status)
            ?? TimeError(started.StartedAtMs, "start");
    }

    private static string? DatasetError(DatasetInput dataset) =>
        dataset is null
            ? "The dataset is missing."
            : LengthError(dataset.Name, 1, DatasetNameLength, "A dataset's name")
                ?? LengthError(dataset.Digest, 1, DatasetDigestLength, "A dataset's digest")
                ?? LengthError(dataset.Source, 0, DatasetSourceLength, "A dataset's source")
                ?? LengthError(dataset.Schema ?? "", 0, DatasetSchemaLength, "A dataset's schema")
                ?? LengthError(dataset.Profile ?? "", 0, DatasetProfileLength, "A dataset's profile")
                ?? LengthError(dataset.Role ?? "", 0, DatasetRoleLength, "A dataset's role")
                ?? InputTagsError(dataset.Tags);

    private static string? InputTagsError(IReadOnlyDictionary<string, string> tags)
    {
        foreach ((string key, string value) in tags)
        {
            if (key == RoleTag)
                return $"The tag '{RoleTag}' of a dataset is its role.";
            if ((LengthError(key, 1, InputTagKeyLength, "The key of a dataset's tag") ?? LengthError(value, 0, InputTagValueLength, $"The value of a dataset's tag '{key}'")) is { } error)
                return error;
        }

        return null;
    }

    private static string? ModelError(LoggedModelId model) => model == default ? "The id of the logged model is empty. LoggedModelId.New() makes one." : null;

    private static string? MeasurementError(TrackingRecord.PointsLogged points) =>
        (points.Model is { } model ? ModelError(model) : null)
        ?? (points.DatasetName is { } name ? LengthError(name, 1, DatasetNameLength, "A dataset's name") : null)
        ?? (points.DatasetDigest is { } digest ? LengthError(digest, 1, DatasetDigestLength, "A dataset's digest") : null);

    private static string? PointsError(ReadOnlySpan<MetricPoint> points)
    {
        foreach (ref readonly MetricPoint point in points)
        {
            if (point.TimestampMs < 0)
                return string.Create(CultureInfo.InvariantCulture, $"A point at step {point.Step} has timestamp {point.TimestampMs}; timestamps count milliseconds since 1970 and are not negative.");
        }

        return null;
    }

    private static string? MissingError(string? key) => key is null ? "The key is missing." : null;

    private static string? StatusError(RunStatus? status) =>
        status is null or (>= RunStatus.Running and <= RunStatus.Killed) ? null : $"{(int)status} is not the number of a run status.";

    private static string? TimeError(long? timeMs, string what) =>
        timeMs is null or (>= 0 and <= LastTimestampMs)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"The run's {what} is {timeMs} ms since 1970; it must lie between 0 and {LastTimestampMs}.");

    internal static string? LengthError(string? text, int least, int most, string what) =>
        text is null ? $"{what} is missing."
        : text.Length < least || text.Length > most ? string.Create(CultureInfo.InvariantCulture, $"{what} has {least} to {most} characters; this one has {text.Length}.")
        : null;

    private static bool IsWord(char c) =>
        char.IsLetterOrDigit(c) || c == '_' || char.IsSurrogate(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static string? PathError(string key)
    {
        if (key[0] == '/')
            return $"Key '{key}' starts with '/'; a key is like a relative path.";
        if (key.StartsWith("..", StringComparison.Ordinal))
            return $"Key '{key}' starts with '..'; write it as a plain relative path.";
        foreach (Range segment in key.AsSpan().Split('/'))
        {
            if (key.AsSpan()[segment] is "" or "." or "..")
                return $"Key '{key}' has an empty, '.' or '..' part between slashes; write it as a plain relative path.";
        }

        return null;
    }
}
