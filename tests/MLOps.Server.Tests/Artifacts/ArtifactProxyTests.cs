using MLOps.Registry;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;
using MLOps.Tracking.Artifacts.Encryption;
using MLOps.Tracking.Contract;

namespace MLOps.Server.Tests.Artifacts;

/// <summary>A tracker that keeps proxied locations: all of it works on them in its own process.</summary>
public sealed class ArtifactProxyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Runs_and_experiments_get_proxied_locations_whose_files_lie_below_the_destination()
    {
        await using Tracker tracker = Open();
        Assert.Equal("mlflow-artifacts:/", tracker.ArtifactRoot.AbsoluteUri);
        Experiment experiment = await tracker.Store.CreateExperimentAsync("experiment", artifactLocation: null, Cancel);
        Assert.Equal($"mlflow-artifacts:/{experiment.Id}", experiment.ArtifactLocation);

        await using Run run = await tracker.StartRunAsync("experiment", cancellationToken: Cancel);
        Assert.Equal($"mlflow-artifacts:/{run.Id}/artifacts", run.ArtifactLocation);
        await run.LogArtifactAsync(_folder.Write("model.txt", "weights"), "model/größe 100%.txt", Cancel);
        Assert.Equal("weights", await File.ReadAllTextAsync(_folder[$"kept/{run.Id}/artifacts/model/größe 100%.txt"], Cancel));
        Assert.NotNull((await tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation)).ListAsync(Cancel)).Single().Sha256);
    }

    [Fact]
    public async Task A_purge_takes_the_files_with_the_run()
    {
        await using Tracker tracker = Open();
        RunId id;
        await using (Run run = await tracker.StartRunAsync("experiment", cancellationToken: Cancel))
        {
            id = run.Id;
            await run.LogArtifactAsync(_folder.Write("model.txt", "weights"), cancellationToken: Cancel);
            await run.EndAsync(cancellationToken: Cancel);
        }

        await tracker.DeleteRunAsync(id, Cancel);
        PurgeReport purged = await tracker.PurgeAsync(new PurgeOptions { Runs = [id] }, cancellationToken: Cancel);
        Assert.Equal(1, purged.Runs);
        Assert.Empty(Directory.GetFiles(_folder["kept"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_registry_registers_and_resolves_files_of_proxied_runs()
    {
        await using Tracker tracker = Open();
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(_folder["registry.db"]).UseTracker(tracker));
        await using Run run = await tracker.StartRunAsync("experiment", cancellationToken: Cancel);
        await run.LogArtifactAsync(_folder.Write("model.txt", "weights"), "model/model.txt", Cancel);
        ModelVersion version = await registry.RegisterAsync("churn", ModelContent.FromRun(run.Id, "model"), cancellationToken: Cancel);
        Assert.True(version.IsVerified);
        using ModelFiles files = await registry.ResolveAsync(ModelUri.Parse($"models:/churn/{version.Number}"), cancellationToken: Cancel);
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Join(files.Folder, "model.txt"), Cancel));

        // Its own files lie below the root, too.
        ModelVersion own = await registry.RegisterAsync("churn", ModelContent.FromFile(_folder["model.txt"]), cancellationToken: Cancel);
        Assert.StartsWith("mlflow-artifacts:/models/", own.Facts.Location, StringComparison.Ordinal);
        using ModelFiles ownFiles = await registry.ResolveAsync(ModelUri.Parse($"models:/churn/{own.Number}"), cancellationToken: Cancel);
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Join(ownFiles.Folder, "model.txt"), Cancel));
    }

    [Fact]
    public async Task Encryption_goes_around_what_is_kept_once()
    {
        using LocalKeyFile keys = LocalKeyFile.Create(_folder["keys"]);
        await using Tracker tracker = Open(t => t.EncryptArtifacts(keys));
        await using Run run = await tracker.StartRunAsync("experiment", cancellationToken: Cancel);
        ArtifactFile logged = await run.LogArtifactAsync(_folder.Write("model.txt", "weights"), cancellationToken: Cancel);
        Assert.NotNull(logged.KeyId);
        byte[] kept = await File.ReadAllBytesAsync(_folder[$"kept/{run.Id}/artifacts/model.txt"], Cancel);
        Assert.DoesNotContain("weights", System.Text.Encoding.Latin1.GetString(kept), StringComparison.Ordinal);

        // Opened by one layer of the same keys: it was sealed by one.
        ArtifactFolder sealedOnce = new(new EncryptedArtifactStore(new LocalArtifactStore(), keys), LocalArtifactStore.LocationOf(_folder[$"kept/{run.Id}/artifacts"]), TimeProvider.System);
        using StreamReader reader = new(await sealedOnce.OpenReadAsync("model.txt", Cancel));
        Assert.Equal("weights", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public void A_destination_that_no_store_serves_is_told_when_the_tracker_is_made()
    {
        ArtifactStoreException unserved = Assert.Throws<ArtifactStoreException>(() => Tracker.Open(t => t.UseInMemory(_folder["mlops"]).UseArtifactProxy("s3://bucket/mlflow")));
        Assert.Contains("AddS3Artifacts", unserved.Message, StringComparison.Ordinal);
    }

    private Tracker Open(Action<TrackingBuilder>? configure = null) => Tracker.Open(t =>
    {
        t.UseSqlite(_folder["mlops.db"]).UseArtifactProxy(_folder["kept"]);
        configure?.Invoke(t);
    });
}
