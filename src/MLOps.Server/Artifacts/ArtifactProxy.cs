using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>Says to the server's routes that its tracker keeps the artifacts of <c>mlflow-artifacts:/</c>, and where.</summary>
/// <param name="Destination">The place that stands for the root of all locations.</param>
internal sealed record ArtifactProxy(Uri Destination)
{
    /// <summary>The place that a folder or a URI names.</summary>
    public static Uri DestinationOf(string destination)
    {
        int colon = destination.IndexOf(":/", StringComparison.Ordinal);
        // One letter is a drive of Windows.
        return colon > 1 && Uri.CheckSchemeName(destination[..colon]) ? new Uri(destination) : LocalArtifactStore.LocationOf(destination);
    }
}
