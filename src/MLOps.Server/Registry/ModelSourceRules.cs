using System.Buffers;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using MLOps.Server.Wire;

namespace MLOps.Server.Registry;

/// <summary>Which sources of model versions are taken (contract §7.3). Who registers a version says where its files lie, and who reads the version later reads them there: so no source may lead to other files of this machine.</summary>
internal sealed class ModelSourceRules(IOptions<MLOpsServerOptions> options)
{
    // What the registry takes. Measured first, for the work below grows with it.
    private const int Longest = 8_000;

    private static readonly SearchValues<char> s_schemeLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

    private readonly Regex? _pattern = options.Value.ModelSourcePattern is { } pattern ? new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;

    /// <summary>Lets a source through or raises.</summary>
    /// <param name="source">The source.</param>
    /// <param name="isPrompt">Whether it is a prompt's: a text that stands where a source must, and that nobody opens.</param>
    /// <param name="artifactLocations">Where the artifacts of the run and of the logged model lie that the version is made of.</param>
    public void Demand(string source, bool isPrompt, IReadOnlyList<string> artifactLocations)
    {
        if (source.Length > Longest)
            throw MlflowException.Invalid($"Invalid model version source: it has {source.Length} characters, and at most {Longest} are taken.");
        if (_pattern is not null && _pattern.Match(source) is not { Success: true, Index: 0 })
            throw MlflowException.Invalid($"Invalid model version source: '{MlflowFields.Short(source)}'. This server takes sources that match {_pattern} alone.");
        if (PathOfLocal(source, out string? path))
        {
            if (!isPrompt && (path is null || !artifactLocations.Any(location => IsWithin(path, location))))
                throw NotOfTheRun(source);
        }
        else if (!IsPlainPath(source[(source.IndexOf(':', StringComparison.Ordinal) + 1)..]))
        {
            throw MlflowException.Invalid(
                $"Invalid model version source: '{MlflowFields.Short(source)}'. If supplying a source as an http, https, object store, mlflow-artifacts or other remote URI, give an absolute path without '.', '..' and NUL as parts of it, plain or encoded.");
        }
    }

    /// <summary>Whether a source names files of this machine, and which; null when they cannot be told for sure.</summary>
    private static bool PathOfLocal(string source, out string? path)
    {
        path = null;
        if (!HasScheme(source))
        {
            path = HasDots(source) ? null : source;
            return true;
        }

        if (!source.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return false;
        // Before it is a Uri: that takes dots away.
        if (!HasDots(source[5..]) && Uri.TryCreate(source, UriKind.Absolute, out Uri? uri) && uri is { IsFile: true, IsUnc: false, Host: "", Query: "", Fragment: "" })
            path = uri.LocalPath;
        return true;
    }

    // One letter is a drive of Windows.
    private static bool HasScheme(string source)
    {
        int colon = source.IndexOf(':', StringComparison.Ordinal);
        return colon > 1 && char.IsAsciiLetter(source[0]) && source.AsSpan(0, colon).IndexOfAnyExcept(s_schemeLetters) < 0;
    }

    /// <summary>Whether what follows a scheme means the same to whoever normalises it: absolute below its host, without dots. More slashes than needed are fine.</summary>
    private static bool IsPlainPath(string rest) => !HasDots(rest) && rest.StartsWith('/');

    /// <summary>Whether a part of the path is <c>.</c> or <c>..</c>, or something is NUL, however often it is encoded.</summary>
    private static bool HasDots(string form)
    {
        while (true)
        {
            if (form.Contains('\0', StringComparison.Ordinal) || form.Split('/', '\\').Any(part => part is "." or ".."))
                return true;
            string decoded = Uri.UnescapeDataString(form);
            if (decoded == form)
                return false;
            form = decoded;
        }
    }

    /// <summary>Whether a path is the folder of a location or lies below it, and no link on the way leads elsewhere.</summary>
    private static bool IsWithin(string path, string location)
    {
        if (!PathOfLocal(location, out string? folder) || folder is null)
            return false;
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (full != root && !full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return false;
        try
        {
            for (string part = full; part.Length > root.Length; part = Path.GetDirectoryName(part)!)
            {
                if (new FileInfo(part).LinkTarget is not null)
                    return false;
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static MlflowException NotOfTheRun(string source) => MlflowException.Invalid(
        $"Invalid model version source: '{MlflowFields.Short(source)}'. To use a local path as a model version source, give the run_id (or model_id) that it was logged to: the path must lie in the local artifact directory of that run or logged model, and be written without '.', '..' and links.");
}
