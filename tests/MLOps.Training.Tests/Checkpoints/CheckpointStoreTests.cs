using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Checkpoints;

[Collection("torch")]
public sealed class CheckpointStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<bool> Kinds => [false, true];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Checkpoints_are_found_newest_first_read_by_name_and_deleted(bool artifacts)
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = Store(folder, artifacts);
        Assert.Empty(await store.FindAsync(Cancellation));
        Assert.Null(await store.FindLatestAsync(Cancellation));
        using (SmallTraining training = new(new Checkpointing(store, new() { EverySteps = 3, RunId = "run-7" })))
            await training.RunAsync(10);

        IReadOnlyList<Checkpoint> found = await store.FindAsync(Cancellation);
        Assert.Equal(["step-000000010", "step-000000009", "step-000000006"], found.Select(checkpoint => checkpoint.Name));
        Assert.Equal("step-000000010", (await store.FindLatestAsync(Cancellation))!.Name);
        Checkpoint middle = await store.GetAsync("step-000000009", Cancellation);
        Assert.Equal(new TrainingPosition(9, 0, 9, 9), middle.Position);
        Assert.Equal("run-7", middle.RunId);
        Assert.Null(middle.Damage);
        Assert.True(middle.SizeBytes > 1_000);
        await middle.VerifyAsync(Cancellation);

        Assert.True(await store.DeleteAsync("step-000000009", Cancellation));
        Assert.False(await store.DeleteAsync("step-000000009", Cancellation));
        Assert.Equal("step-000000009", (await Assert.ThrowsAsync<CheckpointException>(() => store.GetAsync("step-000000009", Cancellation))).Checkpoint);
        Assert.Equal(["step-000000010", "step-000000006"], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Name));
        foreach (string name in (string[])["../x", "step-9", "step-00000000a", "step-0000000009", ""])
            await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync(name, Cancellation));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_a_killed_writer_left_is_no_checkpoint_and_goes_with_the_next_training(bool artifacts)
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = Store(folder, artifacts);
        using (SmallTraining training = new(new Checkpointing(store)))
            await training.RunAsync(4);
        if (artifacts)
        {
            ArtifactFolder run = new(new LocalArtifactStore(), LocalArtifactStore.LocationOf(folder.Path), TimeProvider.System);
            await run.UploadAsync("checkpoints/step-000000008/model.safetensors", new MemoryStream([1, 2, 3]), cancellationToken: Cancellation);
        }
        else
        {
            folder.Write(".writing-step-000000008-x/model.safetensors", "half");
            folder.Write(".deleting-step-000000002-x/manifest.json", "half");
            folder.Write("notes.txt", "not ours");
        }

        Assert.Equal("step-000000004", Assert.Single(await store.FindAsync(Cancellation)).Name);
        using (SmallTraining training = new(new Checkpointing(store)))
        {
            await training.Trainer.ResumeAsync(store, Cancellation);
            await training.RunAsync(5);
        }

        Assert.Equal(["step-000000005", "step-000000004"], (await store.FindAsync(Cancellation)).Select(checkpoint => checkpoint.Name));
        if (artifacts)
            Assert.False(Directory.Exists(folder["checkpoints/step-000000008"]) && Directory.EnumerateFiles(folder["checkpoints/step-000000008"]).Any());
        else
            Assert.Equal([".lock", "notes.txt", "step-000000004", "step-000000005"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Two_trainings_do_not_write_into_one_folder()
    {
        using TemporaryFolder folder = new();
        using IDisposable other = await CheckpointStore.InFolder(folder.Path).BeginWritingAsync(Cancellation);
        folder.Write(".writing-step-000000008-x/model.safetensors", "the other's");
        using SmallTraining training = new(new Checkpointing(CheckpointStore.InFolder(folder.Path)));

        CheckpointException refused = await Assert.ThrowsAsync<CheckpointException>(() => training.RunAsync(2));

        Assert.Contains("Another training", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(folder[".writing-step-000000008-x/model.safetensors"]));
        other.Dispose();
        await training.RunAsync(2);
        Assert.Single(await CheckpointStore.InFolder(folder.Path).FindAsync(Cancellation));
    }

    [Fact]
    public async Task One_with_a_damaged_manifest_is_listed_as_such_and_not_passed_over()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using (SmallTraining training = new(new Checkpointing(store, new() { EverySteps = 3 })))
            await training.RunAsync(9);
        File.WriteAllText(folder["step-000000009/manifest.json"], "{}");
        File.Delete(folder["step-000000006/manifest.json"]);

        IReadOnlyList<Checkpoint> found = await store.FindAsync(Cancellation);

        Assert.Equal([9, 6, 3], found.Select(checkpoint => checkpoint.Position.Step));
        Assert.Contains("cut off", found[0].Damage, StringComparison.Ordinal);
        Assert.Contains("missing", found[1].Damage, StringComparison.Ordinal);
        Assert.Null(found[2].Damage);
        Assert.Equal("step-000000003", (await Assert.ThrowsAsync<CheckpointCorruptException>(() => found[0].VerifyAsync(Cancellation))).Previous);
        Directory.Move(folder["step-000000003"], folder["step-000000005"]);
        Assert.Contains("renamed", (await store.GetAsync("step-000000005", Cancellation)).Damage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_says_what_the_training_was()
    {
        using TemporaryFolder folder = new();
        using (SmallTraining training = new(new Checkpointing(CheckpointStore.InFolder(folder.Path), new() { RunId = "a" }), options: new() { Seed = 11 }))
            await training.RunAsync(12);

        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(folder["step-000000012/manifest.json"]));
        System.Text.Json.JsonElement root = json.RootElement;
        Assert.Equal(1, root.GetProperty("format").GetInt32());
        Assert.Equal((12, 1, 2, 12), (root.GetProperty("step").GetInt64(), root.GetProperty("epoch").GetInt32(), root.GetProperty("batch").GetInt64(), root.GetProperty("total_batches").GetInt64()));
        Assert.Equal(11, root.GetProperty("seed").GetInt64());
        Assert.Equal(1, root.GetProperty("world_size").GetInt32());
        Assert.Equal("a", root.GetProperty("run_id").GetString());
        Assert.Equal("Momentum", root.GetProperty("optimizer").GetProperty("name").GetString());
        Assert.Equal(["cpu_capability", "dotnet", "libtorch", "mlops_training", "platform", "threads", "torchsharp"], root.GetProperty("versions").EnumerateObject().Select(version => version.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["model", "optimizer", "trainer"], root.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("name").GetString()));
        foreach (System.Text.Json.JsonElement file in root.GetProperty("files").EnumerateArray())
        {
            byte[] bytes = File.ReadAllBytes(folder["step-000000012/" + file.GetProperty("name").GetString()]);
            Assert.Equal(bytes.LongLength, file.GetProperty("bytes").GetInt64());
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), file.GetProperty("sha256").GetString());
        }

        // Files that anything reads which reads safetensors.
        Dictionary<string, TorchSharp.torch.Tensor> weights = ModelWeights.ReadSafetensors(folder["step-000000012/model.safetensors"]);
        Assert.Contains("first.weight", weights.Keys);
        RandomTensors.Dispose(weights.Values);
    }

    private static CheckpointStore Store(TemporaryFolder folder, bool artifacts) => artifacts
        ? CheckpointStore.In(new ArtifactFolder(new LocalArtifactStore(), LocalArtifactStore.LocationOf(folder.Path), TimeProvider.System))
        : CheckpointStore.InFolder(folder.Path);
}
