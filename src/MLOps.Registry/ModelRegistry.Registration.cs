using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry;

/// <content>Registration.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Registers a version. The model is made with its first one.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="content">What the version is made of.</param>
    /// <param name="options">What is said of it; null says nothing.</param>
    /// <param name="progress">Told of an upload; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends it; nothing is registered then.</param>
    /// <returns>The version.</returns>
    /// <exception cref="ArgumentException">The name, an option or a path is not legal, or the content is empty.</exception>
    /// <exception cref="ModelVersionNotFoundException">A parent is not there.</exception>
    /// <exception cref="RunNotFoundException">The run is not there.</exception>
    /// <exception cref="ArtifactCorruptException">A file is not what was uploaded.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be stored or read.</exception>
    /// <exception cref="RegistryStoreException">The store cannot do it; nothing is registered.</exception>
    public Task<ModelVersion> RegisterAsync(
        string model, ModelContent content, RegisterOptions? options = null, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Reads the files of a version and compares their hashes with those that were written down; a version that nobody has read before becomes verified.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The version, verified.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="ArtifactCorruptException">A file is missing or has another hash.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be read.</exception>
    public Task<ModelVersion> VerifyVersionAsync(string model, int number, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Removes files below the registry's artifact root that no version names: those of deleted versions, and of registrations that were cut off.</summary>
    /// <param name="olderThan">Only those that were stored at least so long ago; at least one hour, so that nothing is removed that is just being registered. 1 day is a good choice.</param>
    /// <param name="cancellationToken">Ends it; what is removed by then stays so.</param>
    /// <returns>How many versions' files were removed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is less than one hour.</exception>
    public Task<int> PurgeFilesAsync(TimeSpan olderThan, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");
}
