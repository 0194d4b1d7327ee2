using MLOps.Tracking;

namespace QuickStart;

/// <summary>One option chooses where artifacts go; credentials and endpoints come from the environment, as for every other tool of those clouds.</summary>
internal static class ArtifactRoot
{
    public static TrackingBuilder Choose(TrackingBuilder tracking, string? root) => root?.Split(':', 2)[0] switch
    {
        null => tracking,
        "s3" or "gs" => tracking.UseS3Artifacts(root),
        "wasbs" or "abfss" or "https" or "http" => tracking.UseAzureBlobArtifacts(root),
        _ => tracking.UseArtifactRoot(root),
    };
}
