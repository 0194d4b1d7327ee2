namespace MLOps.Tracking.Storage;

/// <summary>A store was written by a newer version of this SDK. It was left untouched.</summary>
/// <param name="store">The store's address, without secrets.</param>
/// <param name="found">The schema version found.</param>
/// <param name="supported">The newest schema version that this program knows.</param>
public sealed class StoreVersionException(string store, int found, int supported)
    : TrackingStoreException($"'{store}' has schema version {found}; this program knows versions up to {supported}. Update the MLOps packages of this program. The store was left untouched.", isTransient: false)
{
    /// <summary>The store's address.</summary>
    public string Store { get; } = store;

    /// <summary>The schema version found.</summary>
    public int Found { get; } = found;

    /// <summary>The newest schema version that this program knows.</summary>
    public int Supported { get; } = supported;
}
