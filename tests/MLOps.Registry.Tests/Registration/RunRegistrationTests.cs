using System.Text.Json;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Registration;

public sealed class RunRegistrationTests : RegistrationTestBase
{
    [Fact]
    public async Task Artifacts_of_a_run_stay_where_they_are_and_bring_what_the_run_knows()
    {
        RunId run = await LogRunAsync();

        ModelVersion version = await Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "model"), new RegisterOptions { Metrics = new Dictionary<string, double> { ["auc"] = 0.9 } }, cancellationToken: Cancellation);

        VersionFacts facts = version.Facts;
        Assert.True(version.IsVerified);
        Assert.Equal($"runs:/{run}/model", facts.Source);
        Assert.Equal($"{(await Tracker.GetRunAsync(run, Cancellation)).Info.ArtifactLocation}/model", facts.Location);
        Assert.Equal(["größe.bin", "weights.bin"], facts.Manifest!.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal(run, facts.RunId);
        Assert.Equal((0.25, 0.9), (facts.Metrics["loss"], facts.Metrics["auc"]));
        Assert.Equal("adam", facts.Params["optimizer"]);
        Assert.Equal("abc", Assert.Single(facts.Datasets).Digest);
        Assert.Equal(new CodeState("c0ffee", "https://git.example/fraud.git", "main", true, "trainer 1.2.3"), facts.Code);
        Assert.Empty(StoredFiles());
        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);
    }

    [Fact]
    public async Task One_artifact_and_all_artifacts_can_be_registered_too()
    {
        RunId run = await LogRunAsync();

        ModelVersion one = await Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "model/größe.bin"), cancellationToken: Cancellation);
        ModelVersion all = await Registry.RegisterAsync("fraud", ModelContent.FromRun(run), cancellationToken: Cancellation);

        Assert.Equal(["größe.bin"], one.Facts.Manifest!.Files.Select(file => file.Path));
        Assert.Equal(3, all.Facts.Manifest!.Files.Count);
        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);
        await Registry.VerifyVersionAsync("fraud", 2, Cancellation);
        await Assert.ThrowsAsync<ArtifactNotFoundException>(() => Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "none"), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task An_artifact_that_is_not_what_the_run_uploaded_is_refused()
    {
        RunId run = await LogRunAsync();
        string file = Path.Join(new Uri((await Tracker.GetRunAsync(run, Cancellation)).Info.ArtifactLocation).LocalPath, "model", "weights.bin");
        await File.WriteAllTextAsync(file, "WEIGHTS", Cancellation);

        await Assert.ThrowsAsync<ArtifactCorruptException>(() => Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "model"), cancellationToken: Cancellation));

        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));
        Assert.DoesNotContain(WellKnownTags.RegisteredModels, (await Tracker.GetRunAsync(run, Cancellation)).Tags.Keys);
    }

    [Fact]
    public async Task The_run_that_the_flow_of_control_is_in_made_the_model_unless_another_is_named()
    {
        RunId earlier = await LogRunAsync();
        RunId current = await Tracker.RunAsync(
            "fraud",
            async run =>
            {
                run.LogMetric("loss", 0.5);
                ModelVersion ambient = await RegisterBytesAsync([1], "a.bin");
                ModelVersion named = await RegisterBytesAsync([1], "a.bin", new RegisterOptions { RunId = earlier });
                Assert.Equal((run.Id, 0.5), (ambient.Facts.RunId!.Value, ambient.Facts.Metrics["loss"]));
                Assert.Equal((earlier, 0.25), (named.Facts.RunId!.Value, named.Facts.Metrics["loss"]));
                return run.Id;
            },
            cancellationToken: Cancellation);

        Assert.Null((await RegisterBytesAsync([1], "a.bin")).Facts.RunId);
        Assert.Equal([("fraud", 1)], await TagAsync(current));
        Assert.Equal([("fraud", 2)], await TagAsync(earlier));
    }

    [Fact]
    public async Task A_run_with_a_version_is_kept_by_retention_and_by_a_purge()
    {
        RunId run = await LogRunAsync(), other = await LogRunAsync();
        await Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "model"), cancellationToken: Cancellation);
        await Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "model"), cancellationToken: Cancellation);
        Clock.Advance(TimeSpan.FromDays(11));

        RetentionReport retention = await Tracker.ApplyRetentionAsync(new RetentionPolicy { MaxAge = TimeSpan.FromDays(10), PurgeAfter = TimeSpan.Zero }, cancellationToken: Cancellation);
        await Tracker.DeleteRunAsync(run, Cancellation);
        PurgeReport purge = await Tracker.PurgeAsync(cancellationToken: Cancellation);

        Assert.Equal([other], retention.Deleted);
        Assert.Equal(run, Assert.Single(purge.Skipped).Id);
        Assert.Equal([("fraud", 1), ("fraud", 2)], await TagAsync(run));
        await Registry.VerifyVersionAsync("fraud", 2, Cancellation);
        await Assert.ThrowsAsync<RunDeletedException>(() => Registry.RegisterAsync("fraud", ModelContent.FromRun(run, "model"), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Without_a_tracker_a_run_s_artifacts_cannot_be_found_and_its_id_is_taken_as_it_is()
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseInMemory(Folder["alone"]));

        await Assert.ThrowsAsync<InvalidOperationException>(() => registry.RegisterAsync("fraud", ModelContent.FromRun(new RunId("r1"), "model"), cancellationToken: Cancellation));
        ModelVersion version = await registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), new RegisterOptions { RunId = new("r1") }, cancellationToken: Cancellation);

        Assert.Equal("r1", version.Facts.RunId!.Value.Value);
        Assert.Empty(version.Facts.Metrics);
    }

    private async Task<(string?, int)[]> TagAsync(RunId run)
    {
        using JsonDocument list = JsonDocument.Parse((await Tracker.GetRunAsync(run, Cancellation)).Tags[WellKnownTags.RegisteredModels]);
        return [.. list.RootElement.EnumerateArray().Select(item => (item.GetProperty("name").GetString(), item.GetProperty("version").GetInt32()))];
    }

    private async Task<RunId> LogRunAsync() => await Tracker.RunAsync(
        "fraud",
        async run =>
        {
            run.LogMetric("loss", 0.5, 1);
            run.LogMetric("loss", 0.25, 2);
            run.LogMetric("auc", 0.5);
            run.LogParam("optimizer", "adam");
            run.LogDataset(new DatasetInput { Name = "train", Digest = "abc", SourceType = "local", Source = "train.csv" });
            run.SetTag("mlflow.source.name", "trainer");
            run.SetTag("mlflow.source.git.commit", "c0ffee");
            run.SetTag("mlflow.source.git.branch", "main");
            run.SetTag("mlflow.source.git.repoURL", "https://git.example/fraud.git");
            run.SetTag("mlops.git.dirty", "true");
            await run.LogTextAsync("environment.json", """{"program":{"name":"trainer","version":"1.2.3"}}""", Cancellation);
            await run.LogTextAsync("model/weights.bin", "weights", Cancellation);
            await run.LogTextAsync("model/größe.bin", "size", Cancellation);
            return run.Id;
        },
        cancellationToken: Cancellation);
}
