using MLOps.S3;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>Keeps the artifacts of a tracker on S3.</summary>
public static class S3TrackingBuilderExtensions
{
    /// <summary>Puts the artifacts of new runs into a bucket of S3 or Google Cloud Storage, and serves what lies in that bucket.</summary>
    /// <param name="tracking">The builder of <see cref="Tracker.Open"/> or <c>AddMLOpsTracking</c>.</param>
    /// <param name="root">Where they go: <c>s3://bucket/prefix</c> or <c>gs://bucket/prefix</c>. The bucket must be there.</param>
    /// <param name="configure">Sets options; null takes the defaults. Called when the tracker is made, which raises <see cref="ArgumentException"/> for options out of range.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The root is no such location.</exception>
    public static TrackingBuilder UseS3Artifacts(this TrackingBuilder tracking, string root, Action<S3Options>? configure = null) =>
        AddS3Artifacts(tracking, root, configure).UseArtifactRoot(root);

    /// <summary>Serves what lies in a bucket of S3 or Google Cloud Storage, without making it the root of new runs. Call it once for each bucket; each has its own options.</summary>
    /// <param name="tracking">The builder of <see cref="Tracker.Open"/> or <c>AddMLOpsTracking</c>.</param>
    /// <param name="location">A location in the bucket: <c>s3://bucket</c> or <c>gs://bucket</c>, with a prefix or without.</param>
    /// <param name="configure">Sets options; null takes the defaults. Called when the tracker is made, which raises <see cref="ArgumentException"/> for options out of range.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The location is no such location.</exception>
    public static TrackingBuilder AddS3Artifacts(this TrackingBuilder tracking, string location, Action<S3Options>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(tracking);
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        if (!Uri.TryCreate(location, UriKind.Absolute, out Uri? bucket) || !S3Place.IsLocation(bucket))
            throw S3Place.NoLocation(nameof(location));
        return tracking.AddArtifactStore((StoreContext context) =>
        {
            var options = new S3Options();
            configure?.Invoke(options);
            return new S3ArtifactStore(bucket, options, context.Clock);
        });
    }
}
