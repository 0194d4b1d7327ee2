namespace MLOps.Tracking.Artifacts;

/// <summary>Where artifacts are kept: objects with paths below a location. A back end implements this and nothing else.</summary>
/// <remarks>
/// All members may be called from any thread at once. A path is what <see cref="ArtifactPath.CheckObjectPath"/> accepts; others raise <see cref="ArgumentException"/>.
/// A location that <see cref="Serves"/> denies raises <see cref="ArgumentException"/> everywhere else.
/// Hashes and manifests are <see cref="ArtifactFolder"/>'s business. A new back end is right when it passes the contract suite in <c>tests/MLOps.Tracking.Contract</c>; docs/extend/an-artifact-store.md shows one.
/// </remarks>
public interface IArtifactStore
{
    /// <summary>What this store can do beyond the core. Default none.</summary>
    ArtifactStoreCapabilities Capabilities => ArtifactStoreCapabilities.None;

    /// <summary>Whether this store keeps what lies at a location; decided by the URI alone, nothing is asked.</summary>
    /// <param name="location">An absolute URI.</param>
    /// <returns>True when this store is the one for it.</returns>
    bool Serves(Uri location);

    /// <summary>Writes an object, in place of one that is there. It appears under its name whole or not at all; when this fails an earlier object stays as it was.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="content">The content, read once from where it stands to its end, until a read gives 0; it may be unable to seek or to tell its length. It is not disposed. An exception of its reading reaches the caller as it is.</param>
    /// <param name="options">How to put it.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left of it.</param>
    /// <returns>The object, when it is under its name and its content is on disk.</returns>
    /// <exception cref="ArtifactExistsException">It was to be created only, and there is one.</exception>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    /// <exception cref="NotSupportedException">It was to be created only, and the store lacks <see cref="ArtifactStoreCapabilities.CreateOnly"/>.</exception>
    ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken);

    /// <summary>Opens an object.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="range">What to read of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The content as it was at one time. When the object is replaced while it is read, reading either goes on with what was there or raises a transient <see cref="ArtifactStoreException"/>; it never mixes two contents and never ends early without an exception.
    /// The caller disposes it.
    /// </returns>
    /// <exception cref="ArtifactNotFoundException">There is no such object.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range begins past the end.</exception>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken);

    /// <summary>Looks an object up.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The object; null when there is none.</returns>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken);

    /// <summary>Lists the objects below a folder and its sub-folders, in any order, however many there are.</summary>
    /// <param name="location">The artifact location; one that does not exist yet is empty.</param>
    /// <param name="prefix">A folder, without a slash at its end; empty for all. What is no folder gives nothing: <c>a</c> lists <c>a/b</c>, but neither <c>a</c> nor <c>ab</c>.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The objects, those below <c>.mlops/</c> included; never one that is still being written.</returns>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, CancellationToken cancellationToken);

    /// <summary>Deletes an object.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was one; a store that cannot tell says true.</returns>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken);

    /// <summary>Deletes all objects below a folder and its sub-folders, and what unfinished uploads left there. A store without a way of its own deletes what it lists, one by one, and refuses at the end if there is what has no artifact's name.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="prefix">A folder, as <see cref="ListAsync"/> takes it; empty for all.</param>
    /// <param name="cancellationToken">Ends the deletion; the next one goes on with it.</param>
    /// <returns>How many objects were deleted, and their bytes.</returns>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused; what was deleted until then is gone.</exception>
    async ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken)
    {
        (long objects, long bytes) = (0, 0);
        string? strange = null;
        List<ArtifactObject> found = [];
        await foreach (ArtifactObject item in ListAsync(location, prefix, cancellationToken).ConfigureAwait(false))
            found.Add(item);
        foreach (ArtifactObject item in found)
        {
            if (!ArtifactPath.IsObjectPath(item.Path))
            {
                strange = item.Path;
                continue;
            }

            await DeleteAsync(location, item.Path, cancellationToken).ConfigureAwait(false);
            (objects, bytes) = (objects + 1, bytes + item.SizeBytes);
        }

        if (strange is not null)
            throw new ArtifactStoreException($"'{strange}' at {location} has a name that no artifact has: another program put it there. Delete it with that program; all artifacts are deleted.", isTransient: false);
        return (objects, bytes);
    }

    /// <summary>Copies an object inside the store, in place of one that is there; the content does not pass through this program.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="toLocation">The location of the copy, which this store serves as well.</param>
    /// <param name="toPath">The copy's path.</param>
    /// <param name="cancellationToken">Ends the copying; nothing is left of it.</param>
    /// <returns>The copy, when it is under its name.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such object.</exception>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="ArtifactStoreCapabilities.Copy"/>.</exception>
    ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken) =>
        throw ArtifactStores.Lacks(this, ArtifactStoreCapabilities.Copy);

    /// <summary>Makes a link by which anybody who has it can download one object with a plain GET. It says nothing of whether the object is there.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="validFor">How long the link works, 1 second to 7 days. It may end before, with the credentials that signed it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The link. Whoever sees it can use it: keep it out of logs.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="validFor"/> is out of range.</exception>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    /// <exception cref="NotSupportedException">The store, or the credentials it was given, lack <see cref="ArtifactStoreCapabilities.DownloadLinks"/>.</exception>
    ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken) =>
        throw ArtifactStores.Lacks(this, ArtifactStoreCapabilities.DownloadLinks);
}
