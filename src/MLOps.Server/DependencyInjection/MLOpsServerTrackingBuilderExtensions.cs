using Microsoft.Extensions.DependencyInjection;
using MLOps.Server.Artifacts;

namespace MLOps.Tracking;

/// <summary>Lets the tracker of a server keep what clients send it.</summary>
public static class MLOpsServerTrackingBuilderExtensions
{
    /// <summary>
    /// Keeps the artifacts of <c>mlflow-artifacts:/</c> locations below one place, and gives new experiments such a location: clients then move artifacts through this server and need no access to the place itself.
    /// Tracker, registry and upkeep of this process read and write the same locations directly.
    /// </summary>
    /// <param name="builder">The builder of the tracker that the server answers from.</param>
    /// <param name="destination">A folder, or a URI that an artifact store serves which was added before, as <c>s3://bucket/mlflow</c> after <c>AddS3Artifacts</c>.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// Locations with a host, <c>mlflow-artifacts://host:5000/a</c>, and URLs of the route, <c>http://host:5000/api/2.0/mlflow-artifacts/artifacts/a</c>, are taken for this server's own, whatever the host.
    /// Layers of <see cref="TrackingBuilder.DecorateArtifactStores"/>, as encryption, go around what is kept here once. A later <see cref="TrackingBuilder.UseArtifactRoot"/> or <see cref="TrackingOptions.ArtifactRoot"/> sends new experiments elsewhere.
    /// </remarks>
    /// <example><code>builder.Services.AddMLOpsTracking(t => t.UseSqlite("mlops.db").UseArtifactProxy("mlartifacts"));</code></example>
    /// <exception cref="MLOps.Tracking.Artifacts.ArtifactStoreException">When the tracker is made: no store that was added before serves the destination.</exception>
    public static TrackingBuilder UseArtifactProxy(this TrackingBuilder builder, string destination)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        Uri place = ArtifactProxy.DestinationOf(destination);
        if (builder.StoreName.Length == 0)
            builder.Services?.AddSingleton(new ArtifactProxy(place));
        return builder.AddArtifactStore((_, stores) => new ProxyArtifactStore(stores.GetStore(place), place)).UseArtifactRoot(ProxyLocation.Root.AbsoluteUri);
    }
}
