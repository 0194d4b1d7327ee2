namespace MLOps.Tracking.Artifacts;

/// <summary>The artifact stores of a tracker, side by side: the right one is chosen by the location's scheme and host.</summary>
/// <remarks>Safe for use from any thread. A container has one beside each <see cref="Tracker"/>, under its key.</remarks>
public sealed class ArtifactStores
{
    private readonly IArtifactStore[] _stores;
    private readonly TimeProvider _clock;

    /// <summary>Puts stores side by side.</summary>
    /// <param name="stores">The stores; the first that serves a location is used.</param>
    /// <param name="clock">The clock; the system's when null.</param>
    public ArtifactStores(IEnumerable<IArtifactStore> stores, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(stores);
        _stores = [.. stores];
        _clock = clock ?? TimeProvider.System;
    }

    /// <summary>The store of a location.</summary>
    /// <param name="location">An absolute URI.</param>
    /// <returns>The first store that serves it.</returns>
    /// <exception cref="ArtifactStoreException">None here serves it.</exception>
    public IArtifactStore GetStore(Uri location)
    {
        ArgumentNullException.ThrowIfNull(location);
        if (!location.IsAbsoluteUri)
            throw new ArgumentException($"'{location}' is no absolute URI.", nameof(location));
        return Array.Find(_stores, store => store.Serves(location))
            ?? throw new ArtifactStoreException(
                $"No artifact store here serves '{location.Scheme}://{location.Host}' locations. Add the one that does where the tracker is made: AddS3Artifacts, AddAzureBlobArtifacts, or AddArtifactStore for one of your own.",
                isTransient: false);
    }

    /// <summary>Opens the artifacts at a location; nothing is read or made yet.</summary>
    /// <param name="location">An absolute URI.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="ArtifactStoreException">No store here serves it.</exception>
    public ArtifactFolder Open(Uri location) => new(GetStore(location), location, _clock);

    internal static NotSupportedException Lacks(IArtifactStore store, ArtifactStoreCapabilities capability) =>
        new($"{store.GetType().Name} lacks the capability {nameof(ArtifactStoreCapabilities)}.{capability}. Ask Capabilities before, or use a store that has it.");
}
