using Amazon.Runtime;
using Amazon.S3;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace Snippets;

/// <summary>Compiled, not run: these need a server.</summary>
internal static class S3
{
    public static async Task AwsAsync()
    {
        // <s3-root>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .UseS3Artifacts("s3://ml-artifacts/experiments"));
        // </s3-root>
    }

    public static async Task EndpointAsync()
    {
        // <s3-endpoint>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .UseS3Artifacts("s3://ml-artifacts", s3 =>
            {
                s3.Endpoint = new Uri("http://127.0.0.1:9000");
                s3.Credentials = new BasicAWSCredentials("key id", "secret");
            }));
        // </s3-endpoint>
    }

    public static async Task GoogleAsync(string keyId, string secret)
    {
        // <s3-google>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .UseS3Artifacts("gs://ml-artifacts/experiments", s3 => s3.Credentials = new BasicAWSCredentials(keyId, secret)));
        // </s3-google>
    }

    public static async Task SideBySideAsync()
    {
        // <s3-side-by-side>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .UseS3Artifacts("s3://ml-artifacts/experiments")
            .AddS3Artifacts("s3://ml-artifacts-2024", s3 => s3.Region = "us-east-1"));
        // </s3-side-by-side>
    }

    public static async Task EncryptedAsync()
    {
        // <s3-encryption>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .UseS3Artifacts("s3://ml-artifacts/experiments", s3 =>
            {
                s3.KmsKeyId = "alias/ml-artifacts";
                s3.StorageClass = S3StorageClass.IntelligentTiering;
                s3.Tags["team"] = "churn";
            }));
        // </s3-encryption>
    }

    public static async Task LinkAsync(ArtifactFolder artifacts)
    {
        // <s3-link>
        Uri link = await artifacts.GetDownloadLinkAsync("model.onnx", TimeSpan.FromHours(1));
        // </s3-link>
        _ = link;
    }
}
