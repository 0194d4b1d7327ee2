using System.Diagnostics.CodeAnalysis;

namespace MLOps.Tracking.Artifacts;

/// <summary>Where an artifact lies below the artifact location of its run: a relative path with <c>/</c> between its parts, for example <c>plots/roc.png</c>.</summary>
/// <remarks>
/// The same rule on every platform and every store, so that what one accepts all accept: no path leaves the location, and none means another file on Windows.
/// Refused are empty and absolute paths, <c>\</c>, <c>#</c>, control characters and unpaired surrogates, empty parts, <c>.</c> and <c>..</c>, parts that end with a dot or a space,
/// the device names of Windows, whatever becomes one of these by URL-decoding it once or more, and everything below <c>.mlops/</c>, where the manifests lie.
/// Two paths are equal when they are equal by ordinal. <c>default</c> is not a legal path; its <see cref="Value"/> is empty.
/// </remarks>
public readonly record struct ArtifactPath
{
    /// <summary>The longest path: 1,024 characters.</summary>
    public const int MaxLength = 1024;

    internal const string ReservedFolder = ".mlops";
    private readonly string? _value;

    /// <summary>Takes a path as it is written.</summary>
    /// <param name="value">A legal path.</param>
    /// <exception cref="ArgumentNullException"><paramref name="value"/> is null.</exception>
    /// <exception cref="ArgumentException">The path is not legal; the message says which rule it breaks.</exception>
    public ArtifactPath(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (ErrorIn(value) is { } error)
            throw new ArgumentException(error, nameof(value));
        _value = value;
    }

    /// <summary>The path as text; empty for <c>default</c>.</summary>
    public string Value => _value ?? "";

    /// <summary>Takes a path as it is written, so that a literal can stand where a path is asked for.</summary>
    /// <param name="value">A legal path.</param>
    /// <exception cref="ArgumentException">The path is not legal.</exception>
    public static implicit operator ArtifactPath(string value) => new(value);

    /// <summary>Takes a path if it is a legal one.</summary>
    /// <param name="value">The text to read.</param>
    /// <param name="path">The path, or <c>default</c>.</param>
    /// <returns>Whether <paramref name="value"/> is a legal path.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, out ArtifactPath path)
    {
        bool legal = value is not null && ErrorIn(value) is null;
        path = legal ? new ArtifactPath(value!) : default;
        return legal;
    }

    /// <summary>For stores: checks the path of an object, which is an artifact's path or one below <c>.mlops/</c>.</summary>
    /// <param name="path">The path.</param>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">The path is not legal; the message says which rule it breaks.</exception>
    public static void CheckObjectPath(string path, string parameterName = "path")
    {
        ArgumentNullException.ThrowIfNull(path, parameterName);
        if (ObjectErrorIn(path) is { } error)
            throw new ArgumentException(error, parameterName);
    }

    /// <summary>The path as text.</summary>
    /// <returns><see cref="Value"/>.</returns>
    public override string ToString() => Value;

    internal static bool IsObjectPath(string path) => ObjectErrorIn(path) is null;

    internal static bool IsReserved(string path) =>
        path.StartsWith(ReservedFolder, StringComparison.OrdinalIgnoreCase)
        && (path.Length == ReservedFolder.Length || path[ReservedFolder.Length] == '/');

    internal void ThrowIfDefault(string parameterName)
    {
        if (_value is null)
            throw new ArgumentException("default is not an artifact path; make one with new ArtifactPath(\"plots/roc.png\").", parameterName);
    }

    private static string? ErrorIn(string path) => ObjectErrorIn(path) ?? DecodedErrorIn(path, ReservedErrorIn);

    private static string? ObjectErrorIn(string path)
    {
        if (path.Length > MaxLength)
            return $"An artifact path has at most {MaxLength} characters; this one has {path.Length}.";
        return DecodedErrorIn(path, ShapeErrorIn);
    }

    // A server, a proxy or a client on the way may decode once more than its neighbour: no number of decodings may change what the path means.
    private static string? DecodedErrorIn(string path, Func<string, string?> errorIn)
    {
        string form = path;
        while (true)
        {
            if (errorIn(form) is { } error)
                return ReferenceEquals(form, path) ? $"Artifact path '{path}' {error}" : $"Artifact path '{path}' decodes to '{form}', which {error}";
            string decoded = Uri.UnescapeDataString(form);
            if (decoded == form)
                return null;
            form = decoded;
        }
    }

    private static string? ReservedErrorIn(string path) =>
        IsReserved(path) ? $"lies below '{ReservedFolder}/', where this SDK keeps its manifests; choose another folder." : null;

    private static string? ShapeErrorIn(string path)
    {
        if (path.Length == 0)
            return "is empty; write a relative path such as 'plots/roc.png'.";
        for (int i = 0; i < path.Length; i++)
        {
            char c = path[i];
            if (c is '\\')
                return "contains '\\'; write '/' between folders.";
            if (c is '#')
                return "contains '#', which MLflow refuses in artifact paths; choose another name.";
            if (char.IsControl(c))
                return $"contains the control character U+{(int)c:X4}; remove it.";
            if (char.IsHighSurrogate(c) && i + 1 < path.Length && char.IsLowSurrogate(path[i + 1]))
                i++;
            else if (char.IsSurrogate(c))
                return $"contains the unpaired surrogate U+{(int)c:X4}, which is not text; remove it.";
        }

        if (path[0] == '/' || (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])))
            return "is absolute; write it relative to the run's artifact location.";
        foreach (Range part in path.AsSpan().Split('/'))
        {
            if (PartErrorIn(path.AsSpan()[part]) is { } error)
                return error;
        }

        return null;
    }

    private static string? PartErrorIn(ReadOnlySpan<char> part)
    {
        if (part is "")
            return "has an empty part between slashes; write one '/' between folders and none at the end.";
        if (part is "." or "..")
            return $"has the part '{part}'; write it as a plain relative path.";
        if (part[^1] is '.' or ' ')
            return $"has the part '{part}', which ends with a dot or a space; Windows would drop it.";
        return IsDeviceName(part) ? $"has the part '{part}', which names a device on Windows; choose another name." : null;
    }

    // Windows takes the name before the first dot or colon, without the spaces behind it, for the device.
    private static bool IsDeviceName(ReadOnlySpan<char> part)
    {
        int end = part.IndexOfAny('.', ':');
        ReadOnlySpan<char> name = (end < 0 ? part : part[..end]).TrimEnd(' ');
        if (name.Length == 4 && name[3] is (>= '0' and <= '9') or '¹' or '²' or '³')
            return IsAny(name[..3], ["COM", "LPT"]);
        return IsAny(name, ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]);
    }

    private static bool IsAny(ReadOnlySpan<char> name, ReadOnlySpan<string> names)
    {
        foreach (string candidate in names)
        {
            if (name.Equals(candidate, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
