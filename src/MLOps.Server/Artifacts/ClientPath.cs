using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using MLOps.Server.Wire;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>Takes paths as clients write them (contract §4): what could leave its folder in any reading is refused, what MLflow's clients legitimately send becomes an artifact's path.</summary>
internal static class ClientPath
{
    private const string Base = "/mlflow-artifacts/";

    /// <summary>A file or folder as a parameter names it.</summary>
    /// <returns>A legal path without empty parts; empty for the root.</returns>
    public static string Of(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        DemandSafe(text);
        string path = string.Join('/', text.Split('/').Where(part => part is not ("" or ".")));
        if (path.Length == 0 || ArtifactPath.TryParse(path, out _))
            return path;
        throw MlflowException.Invalid(ReasonOf(path));
    }

    /// <summary>A file or folder that must be named.</summary>
    public static ArtifactPath Required(string? text) => Of(text) is { Length: > 0 } path ? path : throw Invalid();

    /// <summary>Where a path of the proxy lies. What is left of it below the location of a run is judged once more by itself.</summary>
    public static ProxiedPlace PlaceOf(string path)
    {
        var place = ProxiedPlace.Of(path);
        return place with { Path = Of(place.Path) };
    }

    /// <summary>The path behind a route of the proxy, from the request as it came: whoever decoded it before us may have decoded an escaped slash or percent sign for good, or resolved its dots.</summary>
    /// <param name="http">The request.</param>
    /// <param name="route">The route below the proxy's base, with a slash at its end: <c>artifacts/</c>.</param>
    /// <returns>A legal path; empty for the root.</returns>
    public static string Behind(HttpContext http, string route)
    {
        string target = RawPathOf(http), begin = Base + route;
        int at = target.IndexOf(begin, StringComparison.OrdinalIgnoreCase);
        if (at >= 0)
            return Of(Uri.UnescapeDataString(target[(at + begin.Length)..]));
        return target.EndsWith(begin[..^1], StringComparison.OrdinalIgnoreCase) ? "" : throw Invalid();
    }

    /// <summary>The path of a request as it came, without its query.</summary>
    public static string RawPathOf(HttpContext http)
    {
        string target = http.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw ? raw : http.Request.Path.Value ?? "";
        int query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }

    // The words are the contract's: clients match them.
    private static MlflowException Invalid() => MlflowException.Invalid("Invalid path");

    private static void DemandSafe(string text)
    {
        if (text.Length > ArtifactPath.MaxLength)
            throw MlflowException.Invalid($"A path has at most {ArtifactPath.MaxLength} characters here; this one has {text.Length}.");
        for (string form = text; ;)
        {
            if (!IsSafe(form))
                throw Invalid();
            string decoded = Uri.UnescapeDataString(form);
            if (decoded == form)
                return;
            form = decoded;
        }
    }

    private static bool IsSafe(string form)
    {
        if (form.AsSpan().ContainsAny('\\', '#') || form.Any(char.IsControl))
            return false;
        bool isAbsolute = form.StartsWith('/') || (form.Length > 1 && form[1] == ':' && char.IsAsciiLetter(form[0])) || form.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
        return !isAbsolute && !form.Split('/').Any(part => part == ".." || part.Equals(ProxiedPlace.ReservedFolder, StringComparison.OrdinalIgnoreCase));
    }

    private static string ReasonOf(string path)
    {
        try
        {
            _ = new ArtifactPath(path);
            return "Invalid path";
        }
        catch (ArgumentException refused)
        {
            int suffix = refused.Message.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
            return suffix < 0 ? refused.Message : refused.Message[..suffix];
        }
    }
}
