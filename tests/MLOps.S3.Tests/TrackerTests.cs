using MLOps.S3.Tests.Servers;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests;

public sealed class TrackerTests(Moto server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_artifacts_of_a_run_lie_in_the_bucket_by_one_option()
    {
        using TemporaryFolder folder = new();
        Uri root = server.NewLocation();
        string model = folder.Write("model.onnx", "stands for a model");
        await using (Tracker tracker = Tracker.Open(t => t
            .UseSqlite(folder["mlops.db"])
            .UseS3Artifacts(root.OriginalString, s3 => (s3.Endpoint, s3.Credentials) = (server.Endpoint, server.Credentials))))
        {
            await tracker.RunAsync("churn", async run => await run.LogArtifactAsync(model, cancellationToken: Cancel), cancellationToken: Cancel);
            await tracker.FlushAsync(Durability.Store, Cancel);
        }

        using S3ArtifactStore store = server.Open();
        ArtifactObject found = Assert.Single(await store.ListAsync(root, "", Cancel).ToArrayAsync(Cancel), item => item.Path.EndsWith("/model.onnx", StringComparison.Ordinal));
        Assert.Equal("stands for a model"u8.ToArray(), await store.GetAsync(root, found.Path));
    }
}
