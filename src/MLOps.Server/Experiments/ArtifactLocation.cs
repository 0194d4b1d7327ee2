using System.Buffers;
using MLOps.Server.Wire;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Experiments;

/// <summary>Where an experiment's artifacts are to lie, as a client says (contract §4): a folder of the server or a URI.</summary>
internal static class ArtifactLocation
{
    private const int MostCharacters = 2048;
    private const string Field = "artifact_location";

    private static readonly SearchValues<char> s_schemeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    /// <summary>The location; null when the client leaves it to the server.</summary>
    /// <exception cref="MlflowException">It is no location that the server takes.</exception>
    public static string? Read(MlflowFields fields)
    {
        if (fields.Text(Field) is not { Length: > 0 } text)
            return null;
        if (Problem(text) is { } problem)
            throw fields.Refuse(Field, problem);
        string scheme = SchemeOf(text);
        if (scheme.Length == 0)
            return LocalArtifactStore.LocationOf(text).AbsoluteUri;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
            throw fields.Refuse(Field, "a folder or an absolute URI is expected.");
        if (!uri.IsFile)
            return text;
        return uri.Host.Length == 0
            ? LocalArtifactStore.LocationOf(uri.LocalPath).AbsoluteUri
            : throw fields.Refuse(Field, "a file URI without a host is expected, as file:///data/artifacts.");
    }

    private static string? Problem(string text)
    {
        if (text.Length > MostCharacters)
            return $"it has at most {MostCharacters} characters; this one has {text.Length}.";
        if (text.StartsWith("runs:", StringComparison.OrdinalIgnoreCase))
            return "an artifact location cannot be a runs:/ URI. Name the place that it stands for.";
        if (text.AsSpan().ContainsAny('?', '#'))
            return "an artifact location has neither a query string nor a fragment: leave out '?' and '#'.";
        string decoded = Decoded(text);
        if (decoded.Any(char.IsControl))
            return "an artifact location has no control characters.";
        return decoded.Split('/', '\\').Contains("..", StringComparer.Ordinal) ? "an artifact location has no '..' in it. Write out where it leads." : null;
    }

    // What is encoded twice is decoded by somebody at last.
    private static string Decoded(string text)
    {
        while (Uri.UnescapeDataString(text) is var decoded && decoded.Length < text.Length)
            text = decoded;
        return text;
    }

    // A scheme of one letter is a drive.
    private static string SchemeOf(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 1 && char.IsAsciiLetter(text[0]) && !text.AsSpan(..colon).ContainsAnyExcept(s_schemeCharacters) ? text[..colon] : "";
    }
}
