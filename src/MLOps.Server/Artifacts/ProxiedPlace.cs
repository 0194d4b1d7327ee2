using System.Buffers;

namespace MLOps.Server.Artifacts;

/// <summary>Where a path of the proxy lies: the artifact location of its run, logged model or trace, where readers look for its hash, and the path below that.</summary>
/// <param name="Location">The location; the root's where the path names no run or model.</param>
/// <param name="Path">The path below it; empty for all that lies there.</param>
internal readonly record struct ProxiedPlace(Uri Location, string Path)
{
    /// <summary>Where the hashes of a location's files are kept; no client reads or writes it.</summary>
    public const string ReservedFolder = ".mlops";

    private const int IdLength = 32;

    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    /// <summary>Finds the place of a path.</summary>
    /// <param name="path">A legal path below the root; empty for the root.</param>
    public static ProxiedPlace Of(string path)
    {
        int end = 0;
        string? owner = null;
        foreach (string part in path.Split('/'))
        {
            end += part.Length;
            if (part == "artifacts" && owner is not null && IsId(owner))
                return new ProxiedPlace(ProxyLocation.Of(path[..end]), path[end..].TrimStart('/'));
            owner = part;
            end++;
        }

        return new ProxiedPlace(ProxyLocation.Root, path);
    }

    /// <summary>Finds the place of a path below a location of any store.</summary>
    /// <param name="location">The location: of a run, a model, or a folder in one.</param>
    /// <param name="path">A legal path below it; empty for all.</param>
    public static ProxiedPlace Below(Uri location, string path)
    {
        if (!ProxyLocation.Is(location))
            return new ProxiedPlace(location, path);
        string folder = ProxyLocation.FolderOf(location);
        return Of(folder.Length == 0 ? path : path.Length == 0 ? folder : $"{folder}/{path}");
    }

    // Of a run, a logged model, a trace.
    private static bool IsId(string part)
    {
        int begin = part.StartsWith("m-", StringComparison.Ordinal) ? 2 : part.StartsWith("tr-", StringComparison.Ordinal) ? 3 : 0;
        return part.Length == begin + IdLength && part.AsSpan(begin).IndexOfAnyExcept(s_hex) < 0;
    }
}
