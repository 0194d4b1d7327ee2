using MLOps.RealServers;
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

    [Fact]
    public async Task What_is_logged_while_the_server_is_away_is_staged_and_arrives_when_it_is_back()
    {
        using TemporaryFolder folder = new();
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        Uri root = server.NewLocation();
        for (int i = 0; i < 5; i++)
            folder.Write($"data/{i}.txt", $"content of {i}");
        await using Tracker tracker = Tracker.Open(t => t
            .UseSqlite(folder["mlops.db"])
            .UseS3Artifacts(root.OriginalString, s3 => (s3.Endpoint, s3.Credentials, s3.MaxAttempts) = (proxy.Endpoint, server.Credentials, 1))
            .Configure(o => (o.ArtifactAttempts, o.Capture.Source, o.Capture.Environment) = (1, false, false)));
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancel);
        await run.LogTextAsync("before.txt", "there", Cancel);

        proxy.Refuse = true;
        await run.LogTextAsync("during.txt", "away", Cancel);
        await run.LogArtifactsAsync(folder["data"], "data", cancellationToken: Cancel);
        Assert.Equal(6, run.Health.Staged);

        proxy.Refuse = false;
        await run.FlushAsync(Durability.Store, Cancel);
        Assert.Equal(0, run.Health.Staged);
        ArtifactFolder artifacts = tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation));
        IReadOnlyList<ArtifactFile> files = await artifacts.ListAsync(Cancel);
        Assert.Equal(["before.txt", "data/0.txt", "data/1.txt", "data/2.txt", "data/3.txt", "data/4.txt", "during.txt"], files.Select(file => file.Path.Value));
        Assert.All(files, file => Assert.NotNull(file.Sha256));
        await artifacts.DownloadFolderAsync(folder["down"], cancellationToken: Cancel);
        Assert.Equal("content of 3", await File.ReadAllTextAsync(folder["down/data/3.txt"], Cancel));
    }
}
