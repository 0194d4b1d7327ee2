using MLOps.AzureBlobs;

namespace MLOps.Tracking;

/// <summary>Adds Azure Blob Storage to a tracker, for its artifacts.</summary>
public static class AzureBlobTrackingBuilderExtensions
{
    /// <summary>Keeps the artifacts of new runs in a container of Azure Blob Storage, and serves all of its account. Runs that are there keep their locations.</summary>
    /// <param name="tracking">The builder of <see cref="Tracker.Open"/> or <c>AddMLOpsTracking</c>.</param>
    /// <param name="root">Where they go; the container must exist. The forms are those of <see cref="AzureBlobArtifactStore"/>, for example <c>wasbs://container@account.blob.core.windows.net/prefix</c>.</param>
    /// <param name="configure">Sets how to authenticate and what else is to differ from the defaults; null takes the connection string of the environment variable <c>AZURE_STORAGE_CONNECTION_STRING</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The root is no such location. Options that are wrong raise it when the tracker is made.</exception>
    public static TrackingBuilder UseAzureBlobArtifacts(this TrackingBuilder tracking, string root, Action<AzureBlobOptions>? configure = null) =>
        AddAzureBlobArtifacts(tracking, root, configure).UseArtifactRoot(root);

    /// <summary>Serves artifacts in an account of Azure Blob Storage, without making it the place of new ones. Several accounts stand side by side.</summary>
    /// <param name="tracking">The builder of <see cref="Tracker.Open"/> or <c>AddMLOpsTracking</c>.</param>
    /// <param name="location">A location in the account, with a container, as for <see cref="UseAzureBlobArtifacts"/>.</param>
    /// <param name="configure">Sets how to authenticate and what else is to differ from the defaults; null takes the connection string of the environment variable <c>AZURE_STORAGE_CONNECTION_STRING</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The location is none of Azure Blob Storage. Options that are wrong raise it when the tracker is made.</exception>
    public static TrackingBuilder AddAzureBlobArtifacts(this TrackingBuilder tracking, string location, Action<AzureBlobOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(tracking);
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        if (!Uri.TryCreate(location, UriKind.Absolute, out Uri? uri))
            throw BlobPlace.NotOne(location, nameof(location));
        _ = BlobPlace.Of(uri, nameof(location));
        return tracking.AddArtifactStore(context =>
        {
            AzureBlobOptions options = new();
            configure?.Invoke(options);
            return new AzureBlobArtifactStore(uri, options, context.Clock);
        });
    }
}
