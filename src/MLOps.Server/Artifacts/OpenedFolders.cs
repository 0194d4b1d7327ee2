using Microsoft.Extensions.Options;
using MLOps.Server.Wire;

namespace MLOps.Server.Artifacts;

/// <summary>The folders of this machine whose files callers may be given: where the server puts artifacts, and those that the host has named. Experiments lie where a client says, so a location alone opens nothing.</summary>
internal sealed class OpenedFolders(Tracker tracker, IOptions<MLOpsServerOptions> options, ArtifactProxy? proxy = null)
{
    private readonly string[] _roots =
    [
        .. new[] { tracker.ArtifactRoot, proxy?.Destination }.Where(root => root is { IsFile: true }).Select(root => Whole(root!.LocalPath)),
        .. options.Value.LocalArtifactRoots.Select(Whole),
    ];

    /// <summary>Lets a location through that is no folder of this machine, or one that is opened.</summary>
    /// <exception cref="MlflowException">It is another folder.</exception>
    public void Demand(Uri location)
    {
        if (location.IsFile && !Array.Exists(_roots, root => IsWithin(Whole(location.LocalPath), root)))
        {
            throw new MlflowException(
                ErrorCode.PermissionDenied,
                $"The artifacts lie in '{MlflowFields.Short(location.LocalPath)}', a folder of the server's machine that it does not open to callers. Name it, or a folder above it, in LocalArtifactRoots (mlops server --local-artifact-roots).");
        }
    }

    private static bool IsWithin(string folder, string root) => folder == root || (folder.StartsWith(root, StringComparison.Ordinal) && (root[^1] == Path.DirectorySeparatorChar || folder[root.Length] == Path.DirectorySeparatorChar));

    private static string Whole(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
}
