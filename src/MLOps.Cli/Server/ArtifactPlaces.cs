using System.Runtime.CompilerServices;
using MLOps.Cli.CommandLine;
using MLOps.Tracking;

namespace MLOps.Cli.Server;

/// <summary>Where artifacts are kept, by the flags of MLflow's server.</summary>
internal static class ArtifactPlaces
{
    /// <exception cref="UsageException">Nothing here serves a place.</exception>
    public static void Use(TrackingBuilder tracking, ServerSettings settings)
    {
        if (settings.ArtifactsDestination is { } destination)
        {
            AddStoreOf(tracking, ServerFlags.ArtifactsDestination, destination);
            tracking.UseArtifactProxy(destination);
        }

        if (settings.ArtifactRoot is not { } root)
            return;
        AddStoreOf(tracking, ServerFlags.ArtifactRoot, root);
        tracking.UseArtifactRoot(root);
    }

    private static void AddStoreOf(TrackingBuilder tracking, Flag flag, string place)
    {
        switch (SchemeOf(place))
        {
            case null or "file" or "mlflow-artifacts":
                return;
            case "s3" or "gs":
                AddS3(tracking, place);
                return;
            case "wasb" or "wasbs" or "abfs" or "abfss" or "https":
                AddAzureBlobs(tracking, flag, place);
                return;
            case var scheme:
                throw new UsageException($"{flag.Name} cannot be '{place}': artifacts of {scheme} are not known here. It is a folder, s3://…, gs://… or wasbs://….");
        }
    }

    // In methods of their own, so that the SDKs of the clouds are loaded only where one is used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddS3(TrackingBuilder tracking, string place) =>
        tracking.AddS3Artifacts(place, options => options.Endpoint = Environment.GetEnvironmentVariable("MLFLOW_S3_ENDPOINT_URL") is { Length: > 0 } endpoint ? new Uri(endpoint) : null);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddAzureBlobs(TrackingBuilder tracking, Flag flag, string place)
    {
        try
        {
            tracking.AddAzureBlobArtifacts(place);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{flag.Name} cannot be '{place}': {e.Message}");
        }
    }

    private static string? SchemeOf(string place)
    {
        int colon = place.IndexOf(":/", StringComparison.Ordinal);
        // One letter is a drive of Windows.
        return colon > 1 && Uri.CheckSchemeName(place[..colon]) ? place[..colon].ToLowerInvariant() : null;
    }
}
