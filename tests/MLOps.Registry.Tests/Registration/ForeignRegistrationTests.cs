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

    private Task<ModelVersion> RegisterAsync(string source) => Registry.RegisterAsync("fraud", ModelContent.FromUri(source), cancellationToken: Cancellation);
}
