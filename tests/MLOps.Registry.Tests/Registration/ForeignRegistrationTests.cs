using MLOps.Tracking.Artifacts;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Registry.Tests.Registration;

public sealed class ForeignRegistrationTests : RegistrationTestBase
{
    [Theory]
    [InlineData("s3://bucket/models/fraud")]
    [InlineData("s3://bucket//models/....//fraud/")]
    [InlineData("mlflow-artifacts:/1/abc/artifacts/model")]
    [InlineData("dbfs:/models/fraud")]
    [InlineData("models:/m-0123456789abcdef")]
    [InlineData("abfss://container@account.dfs.core.windows.net/model")]
    public async Task What_lies_elsewhere_is_ready_at_once_and_unverified(string source)
    {
        ModelVersion version = await RegisterAsync(source);

        Assert.Equal((ModelVersionStatus.Ready, false, source, source), (version.Status, version.IsVerified, version.Facts.Source, version.Facts.Location));
        Assert.Null(version.Facts.Manifest);
    }

    [Theory]
    [InlineData("s3://bucket/models/../secret")]
    [InlineData("s3://bucket/models/%2e%2e/secret")]
    [InlineData("s3://bucket/models/%252e%252e/secret")]
    [InlineData("s3://bucket/models/./fraud")]
    [InlineData("s3://bucket/models%2f..%2fsecret")]
    [InlineData("s3://bucket/models\\..\\secret")]
    [InlineData("s3://bucket/models/%00")]
    [InlineData("file:///models/../etc")]
    [InlineData("https://user:secret@host/model")]
    [InlineData("runs:/abc")]
    [InlineData("runs:/abc/../other")]
    [InlineData("models:/fraud/v3/x")]
    public async Task A_source_that_leaves_its_folder_or_makes_no_sense_is_refused(string source)
    {
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() => RegisterAsync(source));

        Assert.DoesNotContain("user:secret", error.Message, StringComparison.Ordinal);
        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));
    }

    [Fact]
    public async Task A_local_path_is_taken_and_verified_later()
    {
        ModelVersion version = await RegisterAsync(WriteModel("größe #1"));
        Assert.Null(version.Facts.Manifest);

        ModelVersion verified = await Registry.VerifyVersionAsync("fraud", 1, Cancellation);

        Assert.True(verified.IsVerified);
        Assert.Equal(["deep/labels.txt", "weights.bin"], verified.Facts.Manifest!.Files.Select(file => file.Path));
    }

    [Fact]
    public async Task A_source_in_a_run_is_found_by_the_tracker()
    {
        RunId run = await Tracker.RunAsync(
            "fraud",
            async run =>
            {
                run.LogMetric("auc", 0.9);
                await run.LogTextAsync("model/a.bin", "a", Cancellation);
                return run.Id;
            },
            cancellationToken: Cancellation);

        ModelVersion version = await RegisterAsync($"runs:/{run}/model");

        Assert.Equal((run, 0.9), (version.Facts.RunId!.Value, version.Facts.Metrics["auc"]));
        Assert.Equal((await Tracker.GetRunAsync(run, Cancellation)).Info.ArtifactLocation + "/model", version.Facts.Location);
        await Assert.ThrowsAsync<RunNotFoundException>(() => RegisterAsync("runs:/nobody/model"));
    }

    [Fact]
    public async Task A_copy_of_a_version_keeps_its_files_when_the_version_and_what_is_purged_are_gone()
    {
        ModelVersion original = await Registry.RegisterAsync("trial", ModelContent.FromFolder(WriteModel()), new RegisterOptions { Metrics = new Dictionary<string, double> { ["auc"] = 0.9 } }, cancellationToken: Cancellation);
        await Registry.MoveAliasAsync("trial", "best", 1, cancellationToken: Cancellation);

        ModelVersion copy = await RegisterAsync("models:/trial@best");
        Assert.Equal((original.Facts.Location, true, "models:/trial@best"), (copy.Facts.Location, copy.IsVerified, copy.Facts.Source));
        Assert.Equal(original.Facts.Manifest!.Digest, copy.Facts.Manifest!.Digest);
        Assert.Equal([original.Ref], copy.Facts.Parents);
        Assert.Equal(0.9, copy.Facts.Metrics["auc"]);

        await Registry.DeleteVersionAsync("trial", 1, removeAliases: true, cancellationToken: Cancellation);
        Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(0, await Registry.PurgeFilesAsync(TimeSpan.FromDays(1), Cancellation));
        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => RegisterAsync("models:/trial/1"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => RegisterAsync("models:/none/1"));
    }

    [Fact]
    public async Task A_run_of_elsewhere_is_written_down_where_that_is_allowed()
    {
        RunId run = new("run-of-another-server");
        await Assert.ThrowsAsync<RunNotFoundException>(() => RegisterAsync("s3://bucket/model", new RegisterOptions { RunId = run }));
        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));

        ModelVersion version = await RegisterAsync("s3://bucket/model", new RegisterOptions { RunId = run, AllowUnknownRun = true });
        ModelVersion named = await RegisterAsync($"runs:/{run}/model", new RegisterOptions { AllowUnknownRun = true });
        ModelVersion copy = await RegisterAsync("models:/fraud/1");

        Assert.Equal([run, run, run], new[] { version, named, copy }.Select(each => each.Facts.RunId!.Value));
        Assert.Equal($"runs:/{run}/model", named.Facts.Location);
        Assert.Empty(version.Facts.Metrics);
    }

    [Fact]
    public async Task A_run_that_is_known_is_kept_and_one_that_is_deleted_refused_wherever_an_unknown_one_is_allowed()
    {
        RunId run = await Tracker.RunAsync("fraud", run => Task.FromResult(run.Id), cancellationToken: Cancellation);
        RegisterOptions options = new() { RunId = run, AllowUnknownRun = true };
        await RegisterAsync("s3://bucket/model", options);
        Assert.Contains("fraud", (await Tracker.GetRunAsync(run, Cancellation)).Tags[WellKnownTags.RegisteredModels], StringComparison.Ordinal);

        await Tracker.DeleteRunAsync(run, Cancellation);
        await Assert.ThrowsAsync<RunDeletedException>(() => RegisterAsync("s3://bucket/model", options));
    }

    [Fact]
    public async Task A_model_that_must_be_there_is_not_made()
    {
        RegisterOptions options = new() { ModelMustExist = true };
        await Assert.ThrowsAsync<ModelNotFoundException>(() => RegisterAsync("s3://bucket/model", options));
        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));

        await Registry.CreateModelAsync("fraud", cancellationToken: Cancellation);
        Assert.Equal(1, (await RegisterAsync("s3://bucket/model", options)).Number);
    }

    [Fact]
    public async Task A_logged_model_tells_where_its_files_lie_and_which_run_made_it()
    {
        RunId run = await Tracker.RunAsync("fraud", run => Task.FromResult(run.Id), cancellationToken: Cancellation);
        RunInfo info = (await Tracker.GetRunAsync(run, Cancellation)).Info;
        var id = LoggedModelId.New(Clock);
        await Tracker.Store.CreateLoggedModelAsync(new NewLoggedModel { Id = id, ExperimentId = info.ExperimentId, Name = "trial", SourceRunId = run, ArtifactLocation = "s3://bucket/logged" }, Cancellation);

        ModelVersion version = await RegisterAsync($"models:/{id}");
        Assert.Equal(($"models:/{id}", "s3://bucket/logged", run, id.Value), (version.Facts.Source, version.Facts.Location, version.Facts.RunId!.Value, version.Facts.LoggedModelId));

        await Tracker.Store.ChangeLoggedModelAsync(id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted }, Cancellation);
        await Assert.ThrowsAsync<LoggedModelNotFoundException>(() => RegisterAsync($"models:/{id}"));
        await Assert.ThrowsAsync<LoggedModelNotFoundException>(() => RegisterAsync($"models:/{LoggedModelId.New(Clock)}"));
    }

    [Fact]
    public async Task A_registered_model_may_be_called_as_logged_models_are()
    {
        await Registry.RegisterAsync("m-trial", ModelContent.FromUri("s3://bucket/one"), cancellationToken: Cancellation);
        await Registry.MoveAliasAsync("m-trial", "best", 1, cancellationToken: Cancellation);
        Assert.Equal("s3://bucket/one", (await RegisterAsync("models:/m-trial/1")).Facts.Location);
        Assert.Equal("s3://bucket/one", (await RegisterAsync("models:/m-trial@best")).Facts.Location);
    }

    [Theory]
    [InlineData("prompt-template")]
    [InlineData("/etc")]
    [InlineData("file:///etc")]
    [InlineData("FILE:/etc/../etc")]
    public async Task The_source_of_a_prompt_leads_to_no_files(string source)
    {
        ModelVersion prompt = await RegisterAsync(source, new RegisterOptions { Tags = new Dictionary<string, string> { ["mlflow.prompt.is_prompt"] = "true" } });
        Assert.Equal(source, prompt.Facts.Source);
        await Registry.DeleteVersionTagAsync("fraud", 1, "mlflow.prompt.is_prompt", Cancellation);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => Registry.VerifyVersionAsync("fraud", 1, Cancellation));
        ModelVersion copy = await RegisterAsync("models:/fraud/1");
        await Assert.ThrowsAsync<ArtifactStoreException>(() => Registry.VerifyVersionAsync("fraud", copy.Number, Cancellation));
    }

    private Task<ModelVersion> RegisterAsync(string source, RegisterOptions? options = null) => Registry.RegisterAsync("fraud", ModelContent.FromUri(source), options, cancellationToken: Cancellation);
}
