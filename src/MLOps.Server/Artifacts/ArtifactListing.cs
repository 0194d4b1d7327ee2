using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>Lists one level of a folder, of stores that list all levels: what is kept of it meanwhile is one name for each entry of that level.</summary>
internal static class ArtifactListing
{
    /// <summary>Lists the files and folders right below a place, in ordinal order.</summary>
    /// <param name="store">The store that serves it.</param>
    /// <param name="place">The folder; a file, or what is not there, has nothing below it.</param>
    /// <param name="after">The name after which the list begins; null from the beginning.</param>
    /// <param name="count">How many entries to give at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Entries whose paths are names. A file comes before a folder of its name, which some stores can have.</returns>
    public static async Task<IReadOnlyList<WireFileInfo>> ListAsync(IArtifactStore store, ProxiedPlace place, string? after, int count, CancellationToken cancellationToken)
    {
        SortedSet<(string Name, bool IsFolder, long Size)> entries = new(s_order);
        int begin = place.Path.Length == 0 ? 0 : place.Path.Length + 1;
        await foreach (ArtifactObject item in store.ListAsync(place.Location, place.Path, cancellationToken).ConfigureAwait(false))
        {
            if (!IsArtifact(item.Path))
                continue;
            int end = item.Path.IndexOf('/', begin);
            string name = end < 0 ? item.Path[begin..] : item.Path[begin..end];
            if (string.CompareOrdinal(name, after) <= 0)
                continue;
            if (entries.Add((name, end >= 0, end < 0 ? item.SizeBytes : 0)) && entries.Count > count)
                entries.Remove(entries.Max);
        }

        return [.. entries.Select(entry => new WireFileInfo { Path = entry.Name, IsDir = entry.IsFolder, FileSize = entry.IsFolder ? null : entry.Size })];
    }

    private static readonly Comparer<(string Name, bool IsFolder, long Size)> s_order = Comparer<(string Name, bool IsFolder, long Size)>.Create(static (a, b) =>
        string.CompareOrdinal(a.Name, b.Name) is not 0 and var order ? order : a.IsFolder.CompareTo(b.IsFolder));

    // From above a run's location its reserved folder looks like any other.
    private static bool IsArtifact(string path) =>
        ArtifactPath.TryParse(path, out _) && !path.Split('/').Contains(ProxiedPlace.ReservedFolder, StringComparer.OrdinalIgnoreCase);
}
