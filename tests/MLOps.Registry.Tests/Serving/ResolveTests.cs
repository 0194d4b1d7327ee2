using Microsoft.Extensions.Logging;
using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Serving;

public sealed class ResolveTests : IAsyncLifetime
{
    private readonly ServingWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Every_way_of_naming_a_version_gives_its_files()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"), ("code/a.py", "pass"));
        await _world.RegisterAsync("fraud", ("model.txt", "two"));
        await _world.RegisterAsync("fraud", ("model.txt", "three"));
        await _world.Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancel);
        await _world.Registry.TransitionStageAsync("fraud", 2, ModelStage.Production, cancellationToken: Cancel);

        foreach ((string uri, int number, string content) in new[]
        {
            ("models:/fraud/1", 1, "one"), ("fraud@champion", 1, "one"), ("models:/fraud@champion", 1, "one"),
            ("models:/fraud/Production", 2, "two"), ("models:/fraud/production", 2, "two"), ("models:/fraud/latest", 3, "three"), ("fraud/3", 3, "three"),
        })
        {
            using ModelFiles files = await _world.Registry.ResolveAsync(uri, cancellationToken: Cancel);
            Assert.Equal(number, files.Version!.Number);
            Assert.Equal(content, await File.ReadAllTextAsync(files.GetPath("model.txt"), Cancel));
            Assert.False(files.IsOffline);
            Assert.StartsWith(_world.Cache, files.Folder, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_run_names_its_files_by_their_path_and_a_single_file_by_its_own()
    {
        Run run = await _world.Tracker.StartRunAsync("churn", cancellationToken: Cancel);
        await run.LogTextAsync("model/weights.txt", "w", Cancel);
        await run.LogTextAsync("model/code/a.txt", "a", Cancel);
        await run.LogTextAsync("models.txt", "another", Cancel);
        await run.DisposeAsync();

        using ModelFiles folder = await _world.Registry.ResolveAsync($"runs:/{run.Id}/model", cancellationToken: Cancel);
        Assert.Equal(["code/a.txt", "weights.txt"], folder.Manifest.Files.Select(file => file.Path));
        Assert.Null(folder.Version);
        Assert.Equal("a", await File.ReadAllTextAsync(folder.GetPath("code/a.txt"), Cancel));

        using ModelFiles file = await _world.Registry.ResolveAsync($"runs:/{run.Id}/model/weights.txt", cancellationToken: Cancel);
        Assert.Equal("w", await File.ReadAllTextAsync(file.GetPath("weights.txt"), Cancel));

        int opened = _world.Files.Opened;
        using ModelFiles again = await _world.Registry.ResolveAsync($"runs:/{run.Id}/model", cancellationToken: Cancel);
        Assert.Equal(folder.Folder, again.Folder);
        Assert.Equal(opened, _world.Files.Opened);

        await Assert.ThrowsAsync<ArtifactNotFoundException>(() => _world.Registry.ResolveAsync($"runs:/{run.Id}/nothing", cancellationToken: Cancel));
    }

    [Fact]
    public async Task What_is_not_there_is_said_to_be_so()
    {
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _world.Registry.ResolveAsync("fraud/Staging", cancellationToken: Cancel));
        await _world.Registry.CreateModelAsync("fraud", cancellationToken: Cancel);
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => _world.Registry.ResolveAsync("fraud/latest", cancellationToken: Cancel));
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await Assert.ThrowsAsync<AliasNotFoundException>(() => _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel));
        ModelVersionNotFoundException stage = await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => _world.Registry.ResolveAsync("fraud/Staging", cancellationToken: Cancel));
        Assert.Contains("Staging", stage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_not_what_was_registered_never_reach_the_caller()
    {
        ModelVersion version = await _world.RegisterAsync("fraud", ("a.txt", "aaaa"), ("model.txt", "good"));
        await File.WriteAllTextAsync(Path.Join(new Uri(version.Facts.Location).LocalPath, "model.txt"), "evil", Cancel);

        ArtifactCorruptException e = await Assert.ThrowsAsync<ArtifactCorruptException>(() => _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel));

        Assert.Equal("model.txt", e.Path);
        Assert.Equal(version.Facts.Manifest!.Files[1].Sha256, e.Expected);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Join(_world.Cache, "content")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Join(_world.Cache, "incoming")));
    }

    [Fact]
    public async Task A_file_that_is_missing_is_missed_and_one_too_many_is_left_out()
    {
        ModelVersion version = await _world.RegisterAsync("fraud", ("a.txt", "a"), ("b.txt", "b"));
        string folder = new Uri(version.Facts.Location).LocalPath;
        await File.WriteAllTextAsync(Path.Join(folder, "later.txt"), "came later", Cancel);
        using (ModelFiles files = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel))
            Assert.False(File.Exists(Path.Join(files.Folder, "later.txt")));

        ModelVersion next = await _world.RegisterAsync("fraud", ("a.txt", "a"), ("c.txt", "c"));
        File.Delete(Path.Join(new Uri(next.Facts.Location).LocalPath, "c.txt"));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(() => _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_foreign_version_is_verified_when_it_is_first_resolved_and_held_to_it_from_then_on()
    {
        string folder = _world.Write(("model.txt", "good"), ("sub/x.txt", "x"));
        await _world.CreateUnverifiedAsync("fraud", new Uri(folder).AbsoluteUri);

        using (ModelFiles files = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel))
            Assert.True(files.Version!.IsVerified);
        ModelVersion verified = await _world.Registry.GetVersionAsync("fraud", 1, Cancel);
        Assert.True(verified.IsVerified);
        Assert.Equal(ServingWorld.ManifestOf(("model.txt", "good"), ("sub/x.txt", "x")).Digest, verified.Facts.Manifest!.Digest);

        await File.WriteAllTextAsync(Path.Join(folder, "model.txt"), "evil", Cancel);
        Directory.Delete(Path.Join(_world.Cache, "content"), recursive: true);
        await Assert.ThrowsAsync<ArtifactCorruptException>(() => _world.Open().ResolveAsync("fraud/1", cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_foreign_version_may_be_a_single_file()
    {
        string folder = _world.Write(("model with space.txt", "good"), ("other.txt", "not mine"));
        await _world.CreateUnverifiedAsync("fraud", new Uri(Path.Join(folder, "model with space.txt")).AbsoluteUri);
        using ModelFiles files = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel);
        Assert.Equal("model with space.txt", Assert.Single(files.Manifest.Files).Path);
        Assert.Equal("good", await File.ReadAllTextAsync(files.GetPath("model with space.txt"), Cancel));
    }

    [Fact]
    public async Task A_version_that_says_what_it_is_is_not_believed_before_its_files_are_read()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "good"));
        using (await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel))
        {
        }

        await _world.CreateUnverifiedAsync("fraud", new Uri(_world.Write(("model.txt", "evil"))).AbsoluteUri, ServingWorld.ManifestOf(("model.txt", "good")));
        await Assert.ThrowsAsync<ArtifactCorruptException>(() => _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel));
        Assert.False((await _world.Registry.GetVersionAsync("fraud", 2, Cancel)).IsVerified);
    }

    [Fact]
    public async Task Two_who_verify_at_once_agree_or_the_second_is_told()
    {
        string folder = _world.Write(("model.txt", "good"));
        ModelVersion version = await _world.CreateUnverifiedAsync("fraud", new Uri(folder).AbsoluteUri);
        ModelRegistry other = _world.Open();
        await VerifyElsewhereAsync("good");
        using (ModelFiles files = await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel))
            Assert.Equal("good", await File.ReadAllTextAsync(files.GetPath("model.txt"), Cancel));
        Assert.Equal(3, (await _world.Registry.GetModelAsync("fraud", Cancel)).Revision);

        await _world.CreateUnverifiedAsync("fraud", new Uri(folder).AbsoluteUri);
        await VerifyElsewhereAsync("else");
        await Assert.ThrowsAsync<ArtifactCorruptException>(() => _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel));

        Task VerifyElsewhereAsync(string content)
        {
            int once = 0;
            _world.Files.Opening = async _ =>
            {
                if (Interlocked.Exchange(ref once, 1) != 0)
                    return;
                RegisteredModel model = await other.GetModelAsync("fraud", Cancel);
                await _world.Store.CommitAsync(new RegistryCommit { ModelKey = model.Key, Revision = model.Revision, Changes = [new RegistryEvent.VersionVerified(model.LastNumber, ServingWorld.ManifestOf(("model.txt", content)))], Actor = "other", At = version.CreatedAt }, Cancel);
            };
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("dbfs:/models/1")]
    [InlineData("s3://bucket/model")]
    [InlineData("not a uri")]
    public async Task A_place_that_nobody_here_serves_is_refused_with_advice(string location)
    {
        await _world.CreateUnverifiedAsync("fraud", location);
        ArtifactStoreException e = await Assert.ThrowsAsync<ArtifactStoreException>(() => _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel));
        Assert.False(e.IsTransient);
    }

    [Fact]
    public async Task While_the_store_is_away_the_last_known_version_is_given_if_it_is_cached()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancel);
        await _world.Registry.MoveAliasAsync("fraud", "never-asked", 1, cancellationToken: Cancel);
        using (await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel))
        {
        }

        _world.Store.IsAway = true;
        ModelRegistry restarted = _world.Open();
        for (int i = 0; i < 3; i++)
        {
            using ModelFiles files = await restarted.ResolveAsync("fraud@champion", cancellationToken: Cancel);
            Assert.True(files.IsOffline);
            Assert.Equal(1, files.Version!.Number);
            Assert.Equal("one", await File.ReadAllTextAsync(files.GetPath("model.txt"), Cancel));
        }

        Assert.Single(_world.Logs.GetSnapshot(), log => log.Id.Id == 2410 && log.Level == LogLevel.Warning);
        await Assert.ThrowsAsync<RegistryStoreException>(() => restarted.ResolveAsync("fraud@never-asked", cancellationToken: Cancel));

        _world.Store.IsAway = false;
        using ModelFiles back = await restarted.ResolveAsync("fraud@champion", cancellationToken: Cancel);
        Assert.False(back.IsOffline);
    }

    [Fact]
    public async Task While_the_files_are_out_of_reach_the_last_known_version_is_given()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        await _world.RegisterAsync("fraud", ("model.txt", "two"));
        await _world.Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancel);
        using (await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel))
        {
        }

        await _world.Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancel);
        _world.Files.IsAway = true;
        using ModelFiles files = await _world.Registry.ResolveAsync("fraud@champion", cancellationToken: Cancel);
        Assert.True(files.IsOffline);
        Assert.Equal(1, files.Version!.Number);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => _world.Registry.ResolveAsync("fraud/2", cancellationToken: Cancel));
    }

    [Fact]
    public async Task What_the_cache_says_of_another_store_is_not_taken()
    {
        await _world.RegisterAsync("fraud", ("model.txt", "one"));
        using (await _world.Registry.ResolveAsync("fraud/1", cancellationToken: Cancel))
        {
        }

        await using ModelRegistry stranger = ModelRegistry.Open(r => r.UseStore(_ => new InMemoryRegistryStore(), _world.Folder["x"]).Configure(options => options.CacheFolder = _world.Cache));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => stranger.ResolveAsync("fraud/1", cancellationToken: Cancel));
    }
}
