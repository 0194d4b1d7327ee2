namespace MLOps.Tracking.Artifacts;

/// <content>Verification and removal.</content>
public sealed partial class ArtifactFolder
{
    private const int BufferSize = 128 * 1024;

    /// <summary>Refuses a location that is not the own one of a run or a logged model. Its own ends with the owner's id, or with <c>artifacts</c> in a folder of that name.</summary>
    internal void ThrowUnlessOwn(string owner)
    {
        string[] parts = [.. Location.Segments.Select(part => part.TrimEnd('/')).Where(part => part.Length > 0)];
        if (!(parts is [.., var last] && last == owner) && !(parts is [.., var around, "artifacts"] && around == owner))
            throw new ArtifactStoreException($"The artifact location {Location} does not bear the id '{owner}' of what is purged, so that others may keep theirs there. Delete its artifacts by hand if they are its own, and purge it with PurgeOptions.KeepArtifacts.", isTransient: false);
    }

    /// <summary>Adds up all objects, manifests included.</summary>
    internal async ValueTask<ArtifactAmount> MeasureAsync(CancellationToken cancellationToken)
    {
        long files = 0, bytes = 0;
        await foreach (ArtifactObject item in _store.ListAsync(Location, "", cancellationToken).ConfigureAwait(false))
            (files, bytes) = (files + 1, bytes + item.SizeBytes);
        return new ArtifactAmount(files, bytes);
    }

    /// <summary>Deletes all objects, manifests included; on a local disk also the folders, half files of killed writers, and links but not what they point to. A location that does not exist is deleted already.</summary>
    /// <param name="owner">The run or logged model whose location this is. On a local disk a folder around it that bears its name goes, too, if nothing else is in it.</param>
    /// <param name="cancellationToken">Ends the deletion; the next one goes on with it.</param>
    /// <exception cref="ArtifactStoreException">The location is not the owner's own, or the store could not be reached or refused, or holds what is no artifact.</exception>
    internal async ValueTask<ArtifactAmount> DeleteAllAsync(string owner, CancellationToken cancellationToken)
    {
        ThrowUnlessOwn(owner);
        if (_store is LocalArtifactStore local)
        {
            ArtifactAmount there = await MeasureAsync(cancellationToken).ConfigureAwait(false);
            local.DeleteLocation(Location, owner);
            return there;
        }

        (long objects, long bytes) = await _store.DeletePrefixAsync(Location, "", cancellationToken).ConfigureAwait(false);
        return new ArtifactAmount(objects, bytes);
    }

    /// <summary>Reads every artifact and compares it with the hash that its upload wrote down.</summary>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    internal async ValueTask<ArtifactVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        ArtifactVerification verification = new();
        ManifestIndex index = await ReadManifestsAsync(cancellationToken, (path, error) => verification.Corrupt.Add((path, error.Message))).ConfigureAwait(false);
        List<ArtifactObject> named = [];
        await foreach (ArtifactObject item in _store.ListAsync(Location, "", cancellationToken).ConfigureAwait(false))
        {
            if (ArtifactPath.IsReserved(item.Path))
                continue;
            if (index.Find(item) is not null)
                named.Add(item);
            else
                verification.Unverified++;
        }

        verification.Missing.AddRange(index.Paths.Except(named.Select(item => item.Path), StringComparer.Ordinal).Order(StringComparer.Ordinal));
        List<string> different = [];
        await TransferBudget.ForEachAsync(
            named.Count,
            i => named[i].SizeBytes,
            async (i, token) =>
            {
                try
                {
                    (ArtifactObject item, HashedReadStream content) = await ReadAsync(named[i].Path, token).ConfigureAwait(false);
                    verification.Read(content.SizeBytes);
                    if (index.Find(item) is { } entry && content.Sha256 != entry.Sha256)
                    {
                        lock (different)
                            different.Add(item.Path);
                    }
                }
                catch (ArtifactCorruptException error)
                {
                    // A store that seals its objects finds it by itself.
                    lock (different)
                        verification.Corrupt.Add((named[i].Path, error.Message));
                }
            },
            cancellationToken).ConfigureAwait(false);

        if (different.Count > 0)
        {
            // Replaced since the manifests were read? Then there is a later one by now.
            index = await ReadManifestsAsync(cancellationToken, static (_, _) => { }).ConfigureAwait(false);
            foreach (string path in different.Order(StringComparer.Ordinal))
            {
                (ArtifactObject item, HashedReadStream content) = await ReadAsync(path, cancellationToken).ConfigureAwait(false);
                if (index.Find(item) is { } entry && content.Sha256 != entry.Sha256)
                    verification.Corrupt.Add((path, new ArtifactCorruptException(path, entry.Sha256!, content.Sha256!).Message));
            }
        }

        return verification;
    }

    private async ValueTask<(ArtifactObject Object, HashedReadStream Content)> ReadAsync(string path, CancellationToken cancellationToken)
    {
        ArtifactContent content = await _store.OpenReadAsync(Location, path, default, cancellationToken).ConfigureAwait(false);
        HashedReadStream hashed = new(content.Stream, leaveOpen: false);
        await using (hashed.ConfigureAwait(false))
            await hashed.CopyToAsync(Stream.Null, BufferSize, cancellationToken).ConfigureAwait(false);
        return (content.Artifact, hashed);
    }
}
