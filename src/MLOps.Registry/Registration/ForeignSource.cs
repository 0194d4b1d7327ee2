using System.Buffers;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Registration;

/// <summary>The rules of sources that are registered without being read (MLflow's, contract 7.3).</summary>
internal static class ForeignSource
{
    private const int Longest = 8_000;
    private static readonly SearchValues<char> s_schemeLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

    /// <summary>Checks a source.</summary>
    /// <param name="source">A URI, or a local path.</param>
    /// <returns>Where it lies: the URI as it is, or that of the local path.</returns>
    /// <exception cref="ArgumentException">It leaves its folder, is too long, or carries credentials.</exception>
    public static string LocationOf(string source)
    {
        if (source.Length > Longest)
            throw new ArgumentException($"A source has at most {Longest} characters; this one has {source.Length}.", nameof(source));
        if (!HasScheme(source))
            return LocalArtifactStore.LocationOf(source).AbsoluteUri;
        string form = source;
        while (true)
        {
            if (form.Contains('\0', StringComparison.Ordinal) || form.Split('/', '\\').Any(part => part is "." or ".."))
                throw new ArgumentException($"Source '{source}' contains '.', '..' or U+0000 as a part of its path, plain or encoded. Write the path that it means.", nameof(source));
            string decoded = Uri.UnescapeDataString(form);
            if (decoded == form)
                break;
            form = decoded;
        }

        // What is registered is written down for ever, and shown to everybody who may read the registry.
        return Uri.TryCreate(source, UriKind.Absolute, out Uri? uri) && uri.UserInfo.Contains(':', StringComparison.Ordinal)
            ? throw new ArgumentException("The source carries a password. Leave it out, and give it to the artifact store.", nameof(source))
            : source;
    }

    /// <summary>Whether a source names files of this machine.</summary>
    public static bool IsLocal(string source) => !HasScheme(source) || source.StartsWith("file:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a source is a logged model by its id, <c>models:/m-…</c>. A registered model may be called so, too, but is named with a version or an alias.</summary>
    public static bool IsLoggedModel(string source) => source.StartsWith("models:/m-", StringComparison.Ordinal) && !source.AsSpan("models:/".Length).ContainsAny('/', '@');

    // One letter is a drive of Windows.
    private static bool HasScheme(string source)
    {
        int colon = source.IndexOf(':', StringComparison.Ordinal);
        return colon > 1 && char.IsAsciiLetter(source[0]) && source.AsSpan(0, colon).IndexOfAnyExcept(s_schemeLetters) < 0;
    }
}
