namespace MLOps.Tracking.Artifacts;

/// <summary>Where artifacts are kept: objects with paths below a location. A back end implements this and nothing else.</summary>
/// <remarks>
/// All members may be called from any thread at once. A path is what <see cref="ArtifactPath.CheckObjectPath"/> accepts; others raise <see cref="ArgumentException"/>.
/// A location that <see cref="Serves"/> denies raises <see cref="ArgumentException"/> everywhere else.
/// Hashes and manifests are <see cref="ArtifactFolder"/>'s business. A new back end is right when it passes the contract suite in <c>tests/MLOps.Tracking.Contract</c>.
/// </remarks>
public interface IArtifactStore
{
    /// <summary>Whether this store keeps what lies at a location; decided by the URI alone, nothing is asked.</summary>
    /// <param name="location">An absolute URI.</param>
    /// <returns>True when this store is the one for it.</returns>
    bool Serves(Uri location);

    /// <summary>Writes an object, in place of one that is there. It appears under its name whole or not at all; when this fails an earlier object stays as it was.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="content">The content, read once from where it stands to its end, until a read gives 0; it may be unable to seek or to tell its length. It is not disposed. An exception of its reading reaches the caller as it is.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left of it.</param>
    /// <returns>A task that ends when the object is under its name and its content is on disk.</returns>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    ValueTask PutAsync(Uri location, string path, Stream content, CancellationToken cancellationToken);

    /// <summary>Opens an object.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The content as it was at one time, also when the object is replaced while it is read. The caller disposes it.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such object.</exception>
    /// <exception cref="ArtifactStoreException">The store could not be reached or refused.</exception>
    ValueTask<Stream> OpenReadAsync(Uri location, string path, CancellationToken cancellationToken);

    /// <summary>Lists the objects below a folder and its sub-folders, in any order.</summary>
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
}
