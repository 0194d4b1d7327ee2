namespace MLOps.Tracking.Artifacts;

/// <content>Verification and removal.</content>
public sealed partial class ArtifactFolder
{
    /// <summary>Refuses a location that is not a run's own. Its own ends with the run's id, or with <c>artifacts</c> in a folder of that name.</summary>
    internal void ThrowUnlessOwn(RunId owner)
    {
        string[] parts = [.. Location.Segments.Select(part => part.TrimEnd('/')).Where(part => part.Length > 0)];
        if (!(parts is [.., var last] && last == owner.Value) && !(parts is [.., var around, "artifacts"] && around == owner.Value))
            throw new ArtifactStoreException($"The artifact location {Location} does not bear the id of run '{owner}', so that others may keep theirs there. Delete its artifacts by hand if they are its own, and purge it with PurgeOptions.KeepArtifacts.", isTransient: false);
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
    /// <param name="owner">The run whose location this is. On a local disk a folder around it that bears the run's name goes, too, if nothing else is in it.</param>
    /// <param name="cancellationToken">Ends the deletion; the next one goes on with it.</param>
    /// <exception cref="ArtifactStoreException">The location is not the run's own, or the store could not be reached or refused, or holds what is no artifact.</exception>
    internal async ValueTask<ArtifactAmount> DeleteAsync(RunId owner, CancellationToken cancellationToken)
    {
        ThrowUnlessOwn(owner);
        if (_store is LocalArtifactStore local)
        {
            ArtifactAmount there = await MeasureAsync(cancellationToken).ConfigureAwait(false);
            local.DeleteLocation(Location, owner);
            return there;
        }

        List<ArtifactObject> objects = [];
        await foreach (ArtifactObject item in _store.ListAsync(Location, "", cancellationToken).ConfigureAwait(false))
            objects.Add(item);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        List<ArtifactObject> ours = objects.FindAll(item => ArtifactPath.IsObjectPath(item.Path));
        await Parallel.ForEachAsync(ours, options, async (item, token) => await _store.DeleteAsync(Location, item.Path, token).ConfigureAwait(false)).ConfigureAwait(false);
        if (ours.Count < objects.Count)
        {
            string path = objects.Find(item => !ArtifactPath.IsObjectPath(item.Path)).Path;
            throw new ArtifactStoreException($"'{path}' at {Location} has a name that no artifact has: another program put it there. Delete it with that program; all artifacts are deleted.", isTransient: false);
        }

        return new ArtifactAmount(ours.Count, ours.Sum(item => item.SizeBytes));
    }

    /// <summary>Reads every artifact and compares it with the hash that its upload wrote down.</summary>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    internal async ValueTask<ArtifactVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        ArtifactVerification verification = new();
        Dictionary<string, string> hashes = await ReadHashesAsync(verification.Corrupt, cancellationToken).ConfigureAwait(false);
        List<string> named = [];
        await foreach (ArtifactObject item in _store.ListAsync(Location, "", cancellationToken).ConfigureAwait(false))
        {
            if (ArtifactPath.IsReserved(item.Path))
                continue;
            if (hashes.ContainsKey(item.Path))
                named.Add(item.Path);
            else
                verification.Unverified++;
        }

        verification.Missing.AddRange(hashes.Keys.Except(named, StringComparer.Ordinal).Order(StringComparer.Ordinal));
        List<string> different = [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            named,
            options,
            async (path, token) =>
            {
                HashedReadStream content = await ReadAsync(path, token).ConfigureAwait(false);
                verification.Read(content.SizeBytes);
                if (content.Sha256 != hashes[path])
                {
                    lock (different)
                        different.Add(path);
                }
            }).ConfigureAwait(false);

        if (different.Count > 0)
        {
            // Replaced since the manifests were read? Then there is a later one by now.
            hashes = await ReadHashesAsync([], cancellationToken).ConfigureAwait(false);
            foreach (string path in different.Order(StringComparer.Ordinal))
            {
                string? actual = (await ReadAsync(path, cancellationToken).ConfigureAwait(false)).Sha256;
                if (hashes.TryGetValue(path, out string? expected) && actual != expected)
                    verification.Corrupt.Add((path, new ArtifactCorruptException(path, expected, actual!).Message));
            }
        }

        return verification;
    }

    private async ValueTask<HashedReadStream> ReadAsync(string path, CancellationToken cancellationToken)
    {
        HashedReadStream content = new(await _store.OpenReadAsync(Location, path, cancellationToken).ConfigureAwait(false), leaveOpen: false);
        await using (content.ConfigureAwait(false))
            await content.CopyToAsync(Stream.Null, BufferSize, cancellationToken).ConfigureAwait(false);
        return content;
    }

    private async ValueTask<Dictionary<string, string>> ReadHashesAsync(List<(string Path, string Message)> corrupt, CancellationToken cancellationToken)
    {
        Dictionary<string, string> hashes = new(StringComparer.Ordinal);
        foreach (string path in await FindManifestsAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                foreach (ArtifactManifest.Entry entry in (await GetManifestAsync(path, cancellationToken).ConfigureAwait(false)).Files)
                    hashes[entry.Path] = entry.Sha256;
            }
            catch (ArtifactCorruptException error)
            {
                corrupt.Add((path, error.Message));
            }
        }

        return hashes;
    }
}
