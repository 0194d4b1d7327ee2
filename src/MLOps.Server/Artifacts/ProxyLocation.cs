using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>What clients call the places that this server keeps for them (contract §8.1): <c>mlflow-artifacts:/a/b</c>, the same with a host, or the URL of the route that serves it.</summary>
internal static class ProxyLocation
{
    public const string Scheme = "mlflow-artifacts";

    private const string Route = "/api/2.0/mlflow-artifacts/artifacts";

    /// <summary>Whose artifacts all others lie below.</summary>
    public static Uri Root { get; } = new($"{Scheme}:/");

    /// <summary>Whether a location is one of these, wherever it leads.</summary>
    public static bool Is(Uri location) =>
        location.IsAbsoluteUri && location is { Query: "", Fragment: "" }
        && (location.Scheme == Scheme || (location.Scheme is "http" or "https" && RouteIn(location.AbsolutePath) >= 0));

    /// <summary>The location of a folder below the root.</summary>
    /// <param name="folder">A legal path; empty for the root.</param>
    public static Uri Of(string folder) => new($"{Scheme}:/{Escape(folder)}");

    /// <summary>The folder that a location stands for.</summary>
    /// <returns>A legal path; empty for the root.</returns>
    /// <exception cref="ArgumentException">The location is none of these, or leads out of the root.</exception>
    public static string FolderOf(Uri location)
    {
        if (!Is(location))
            throw new ArgumentException($"'{location}' is no location that this server keeps. Write {Scheme}:/folder.", nameof(location));
        string path = location.AbsolutePath;
        if (location.Scheme != Scheme)
            path = path[(RouteIn(path) + Route.Length)..];
        string folder = Uri.UnescapeDataString(path).Trim('/');
        return folder.Length == 0 || ArtifactPath.TryParse(folder, out _)
            ? folder
            : throw new ArgumentException($"'{location}' is no place below {Root}: its path has parts that no artifact has.", nameof(location));
    }

    /// <summary>A path as part of a URI.</summary>
    public static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    // A server may lie below a prefix of its own.
    private static int RouteIn(string path)
    {
        int at = path.IndexOf(Route, StringComparison.Ordinal);
        return at < 0 || (path.Length > at + Route.Length && path[at + Route.Length] != '/') ? -1 : at;
    }
}
