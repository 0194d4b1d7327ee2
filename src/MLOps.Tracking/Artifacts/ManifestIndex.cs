namespace MLOps.Tracking.Artifacts;

/// <summary>What the manifests of a location say of its paths.</summary>
internal sealed class ManifestIndex
{
    private readonly Dictionary<string, List<ArtifactManifest.Entry>> _entries = new(StringComparer.Ordinal);

    /// <summary>The paths of files that were uploaded and not deleted since.</summary>
    public IEnumerable<string> Paths => _entries.Where(path => path.Value[^1].Sha256 is not null).Select(path => path.Key);

    /// <summary>Takes a manifest that is newer than those before.</summary>
    public void Add(ArtifactManifest manifest)
    {
        foreach (ArtifactManifest.Entry entry in manifest.Files)
        {
            if (_entries.TryGetValue(entry.Path, out List<ArtifactManifest.Entry>? earlier))
                earlier.Add(entry);
            else
                _entries[entry.Path] = [entry];
        }
    }

    /// <summary>
    /// The entry that tells an object's hash: the newest of its path, unless an earlier one names the very ETag that the object has. That is so after two uploads of one path at the same time,
    /// when the one that wrote its object first was the last to write its manifest.
    /// </summary>
    /// <returns>Null when no manifest names the path as it is now.</returns>
    public ArtifactManifest.Entry? Find(ArtifactObject item)
    {
        if (!_entries.TryGetValue(item.Path, out List<ArtifactManifest.Entry>? entries))
            return null;
        ArtifactManifest.Entry? entry = (item.ETag is null ? null : entries.FindLast(candidate => candidate.ETag == item.ETag && candidate.Sha256 is not null)) ?? entries[^1];
        return entry.Sha256 is null ? null : entry;
    }

    /// <summary>The newest entry of a path; null when none names it or it was deleted.</summary>
    public ArtifactManifest.Entry? FindNewest(string path) =>
        _entries.TryGetValue(path, out List<ArtifactManifest.Entry>? entries) && entries[^1].Sha256 is not null ? entries[^1] : null;
}
