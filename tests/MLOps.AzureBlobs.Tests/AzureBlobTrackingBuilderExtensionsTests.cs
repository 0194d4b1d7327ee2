using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

public sealed class AzureBlobTrackingBuilderExtensionsTests(Azurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_keeps_its_artifacts_in_the_container_and_those_of_earlier_runs_stay_where_they_are()
    {
        using TemporaryFolder folder = new();
        string container = (await azurite.CreateContainerAsync()).Name, root = $"{azurite.ServiceUrl}/{container}/tracked";
        await using Tracker tracker = Tracker.Open(t => t.UseInMemory(folder.Path).UseAzureBlobArtifacts(root, options => options.SharedKey = Azurite.Key));
        RunId id = default;
        await tracker.RunAsync("churn", async run =>
        {
            id = run.Id;
            await run.LogTextAsync("notes/why.txt", "it diverged", cancellationToken: Cancel);
        }, cancellationToken: Cancel);
        RunDetails run = await tracker.GetRunAsync(id, Cancel);
        Assert.StartsWith(root, run.Info.ArtifactLocation, StringComparison.Ordinal);
        ArtifactFolder artifacts = tracker.OpenArtifacts(run.Info);
        await artifacts.DownloadAsync("notes/why.txt", folder["why.txt"], cancellationToken: Cancel);
        Assert.Equal("it diverged", await File.ReadAllTextAsync(folder["why.txt"], Cancel));
        Assert.Contains(
            await azurite.Service.GetBlobContainerClient(container).GetBlobsAsync(new() { Prefix = "tracked/" }, Cancel).Select(item => item.Name).ToArrayAsync(Cancel),
            name => name.EndsWith("/notes/why.txt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_account_that_was_added_is_served_and_is_not_the_root()
    {
        using TemporaryFolder folder = new();
        string location = $"{azurite.ServiceUrl}/{(await azurite.CreateContainerAsync()).Name}/other";
        await using Tracker tracker = Tracker.Open(t => t.UseInMemory(folder.Path).AddAzureBlobArtifacts(location, options => options.SharedKey = Azurite.Key));
        ArtifactFolder artifacts = tracker.ArtifactStores.Open(new Uri(location));
        await artifacts.UploadAsync("model", new MemoryStream([1, 2, 3]), cancellationToken: Cancel);
        Assert.Equal(["model"], (await artifacts.ListAsync(cancellationToken: Cancel)).Select(file => file.Path.Value));
    }
}
