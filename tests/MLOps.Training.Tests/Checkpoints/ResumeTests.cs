using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

[Collection("torch")]
public sealed class ResumeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_resumed_training_is_to_the_last_bit_the_one_that_was_never_stopped(bool artifacts)
    {
        using TemporaryFolder folder = new();
        string expected;
        using (SmallTraining straight = new())
        {
            await straight.RunAsync(40);
            expected = straight.Fingerprint();
        }

        CheckpointStore Store() => artifacts
            ? CheckpointStore.In(new ArtifactFolder(new LocalArtifactStore(), LocalArtifactStore.LocationOf(folder.Path), TimeProvider.System))
            : CheckpointStore.InFolder(folder["checkpoints"]);
        using (SmallTraining first = new(new Checkpointing(Store(), new() { EverySteps = 7 })))
            await first.RunAsync(23);
        // Other initial weights and another state of the generator: all of it must come from the checkpoint.
        using SmallTraining second = new(new Checkpointing(Store(), new() { EverySteps = 7 }), initialSeed: 99);
        manual_seed(123);
        Checkpoint? resumed = await second.Trainer.ResumeAsync(Store(), Cancellation);

        Assert.Equal("step-000000023", resumed!.Name);
        Assert.Equal(new TrainingPosition(23, 2, 3, 23), second.Trainer.Position);
        Assert.Empty(resumed.Differences);
        Assert.Equal(artifacts, resumed.Folder is null);
        await second.RunAsync(40);
        Assert.Equal(expected, second.Fingerprint());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_step_can_be_the_last_before_a_stop(int seed)
    {
        Random random = new(seed);
        using TemporaryFolder folder = new();
        string expected;
        using (SmallTraining straight = new())
        {
            await straight.RunAsync(40);
            expected = straight.Fingerprint();
        }

        int at = 0, first = 0;
        while (at < 40)
        {
            at = Math.Min(40, at + random.Next(1, 15));
            first = first == 0 ? at : first;
            CheckpointStore store = CheckpointStore.InFolder(folder.Path);
            using SmallTraining part = new(new Checkpointing(store, new() { EverySteps = random.Next(1, 6), KeepLast = 1 }), initialSeed: at == first ? 3 : at);
            await part.Trainer.ResumeAsync(store, Cancellation);
            await part.RunAsync(at);
            if (at == 40)
                Assert.Equal(expected, part.Fingerprint());
        }
    }

    [Fact]
    public async Task A_training_without_checkpoints_begins_at_its_beginning()
    {
        using TemporaryFolder folder = new();
        using SmallTraining training = new();

        Assert.Null(await training.Trainer.ResumeAsync(CheckpointStore.InFolder(folder["none"]), Cancellation));
        Assert.Equal(default, training.Trainer.Position);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Every_change_of_every_file_is_found_before_anything_is_changed()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using (SmallTraining written = new(new Checkpointing(store, new() { EverySteps = 5 })))
            await written.RunAsync(12);
        using SmallTraining training = new(initialSeed: 7);
        string before = training.Fingerprint();
        string checkpoint = folder["step-000000012"];
        Assert.Equal(["manifest.json", "model.safetensors", "optimizer.safetensors", "trainer.safetensors"], Directory.EnumerateFiles(checkpoint).Select(file => Path.GetFileName(file)).Order());

        Random random = new(5);
        foreach (string file in Directory.EnumerateFiles(checkpoint).ToList())
        {
            byte[] bytes = File.ReadAllBytes(file);
            int[] places = [0, 7, 8, 9, bytes.Length / 2, bytes.Length - 1, bytes.Length - 2, bytes.Length - 3, .. Enumerable.Range(0, TestLength.Of(12, 400)).Select(_ => random.Next(bytes.Length))];
            foreach (int place in places)
            {
                byte[] flipped = [.. bytes];
                flipped[place] ^= (byte)(1 << random.Next(8));
                await RefusedAsync(file, flipped, $"bit at byte {place}");
            }

            foreach (int length in (int[])[0, 1, 8, bytes.Length / 2, bytes.Length - 1])
                await RefusedAsync(file, bytes[..length], $"cut to {length}");
            await RefusedAsync(file, [.. bytes, (byte)'\n'], "longer by one");
            await RefusedAsync(file, null, "gone");
            File.WriteAllBytes(file, bytes);
        }

        await training.Trainer.ResumeAsync(store, Cancellation);
        Assert.Equal(12, training.Trainer.Position.Step);

        async Task RefusedAsync(string file, byte[]? content, string what)
        {
            if (content is null)
                File.Delete(file);
            else
                File.WriteAllBytes(file, content);
            CheckpointCorruptException error = await Assert.ThrowsAsync<CheckpointCorruptException>(() => training.Trainer.ResumeAsync(store, Cancellation));
            Assert.True(error.File == Path.GetFileName(file), $"{what} of {file}: {error.Message}");
            Assert.Equal("step-000000012", error.Checkpoint);
            Assert.Equal("step-000000010", error.Previous);
            Assert.Contains("'step-000000010'", error.Message, StringComparison.Ordinal);
            if (error.File != "manifest.json")
                Assert.Equal(64, error.Expected!.Length);
            if (content is not null)
            {
                Assert.Equal(64, error.Actual!.Length);
                Assert.NotEqual(error.Expected, error.Actual);
            }

            Assert.Equal(before, training.Fingerprint());
        }
    }

    [Fact]
    public async Task The_one_that_is_offered_is_whole_and_can_be_taken()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using (SmallTraining written = new(new Checkpointing(store, new() { EverySteps = 5 })))
            await written.RunAsync(17);
        File.AppendAllText(folder["step-000000017/model.safetensors"], "x");
        File.Delete(folder["step-000000015/optimizer.safetensors"]);
        using SmallTraining training = new(new Checkpointing(store, new() { EverySteps = 5 }), initialSeed: 7);

        CheckpointCorruptException error = await Assert.ThrowsAsync<CheckpointCorruptException>(() => training.Trainer.ResumeAsync(store, Cancellation));
        Assert.Equal("step-000000010", error.Previous);
        await (await store.GetAsync(error.Previous!, Cancellation)).RestoreAsync(training.Trainer, Cancellation);
        Assert.Equal(10, training.Trainer.Position.Step);

        // It is not begun beside what is damaged: that would have to be overwritten some day.
        CheckpointException refused = await Assert.ThrowsAsync<CheckpointException>(() => training.RunAsync(20));
        Assert.Equal("step-000000017", refused.Checkpoint);
        Assert.True(await store.DeleteAsync("step-000000017", Cancellation) && await store.DeleteAsync("step-000000015", Cancellation));
        await training.RunAsync(20);
        using SmallTraining straight = new();
        await straight.RunAsync(20);
        Assert.Equal(straight.Fingerprint(), training.Fingerprint());
    }

    [Fact]
    public async Task Another_model_optimizer_seed_or_order_of_data_is_refused_and_nothing_is_changed()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using (SmallTraining written = new(new Checkpointing(store)))
            await written.RunAsync(5);

        Assert.Equal("model", await RefusedAsync(new SmallTraining(hidden: 17)));
        Assert.Equal("seed", await RefusedAsync(new SmallTraining(options: new() { Seed = 4 })));
        Assert.Equal("data", await RefusedAsync(new SmallTraining(batches: 11)));

        async Task<string> RefusedAsync(SmallTraining training)
        {
            using (training)
            {
                string before = training.Fingerprint();
                CheckpointMismatchException error = await Assert.ThrowsAsync<CheckpointMismatchException>(() => training.Trainer.ResumeAsync(store, Cancellation));
                Assert.Equal(before, training.Fingerprint());
                return error.Part;
            }
        }
    }

    [Fact]
    public async Task Weights_alone_go_into_a_changed_model_with_a_report()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using SmallTraining written = new(new Checkpointing(store));
        await written.RunAsync(5);
        Checkpoint checkpoint = await store.GetAsync("step-000000005", Cancellation);
        using nn.Module<Tensor, Tensor> changed = nn.Sequential(("first", nn.Linear(4, 16)), ("norm", nn.BatchNorm1d(16)), ("head", nn.Linear(16, 2)));

        CheckpointMismatchException refused = await Assert.ThrowsAsync<CheckpointMismatchException>(() => checkpoint.LoadModelAsync(changed, cancellationToken: Cancellation));
        LoadReport report = await checkpoint.LoadModelAsync(changed, strict: false, Cancellation);

        Assert.Equal(refused.Report!.Missing, report.Missing);
        Assert.Equal(["head.bias", "head.weight"], report.Missing.Order());
        Assert.Equal(["second.bias", "second.weight"], report.Unexpected.Order());
        Assert.Equal(RandomTensors.BitsOf(written.Module.state_dict()["first.weight"]), RandomTensors.BitsOf(changed.state_dict()["first.weight"]));
    }

    [Fact]
    public async Task Other_versions_and_other_numbers_of_processes_are_told_apart()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.InFolder(folder.Path);
        using (SmallTraining written = new(new Checkpointing(store), new() { TimeProvider = new FakeTimeProvider(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) }))
            await written.RunAsync(5);
        string path = folder["step-000000005/manifest.json"];
        CheckpointManifest manifest = CheckpointManifest.Parse(File.ReadAllBytes(path)).Manifest!;
        using SmallTraining training = new();

        File.WriteAllBytes(path, (manifest with { Versions = new Dictionary<string, string>(manifest.Versions) { ["libtorch"] = "1.0" } }).ToBytes());
        Checkpoint? other = await training.Trainer.ResumeAsync(store, Cancellation);
        Assert.Equal($"libtorch: 1.0 when it was written, {torch.__version__} now", Assert.Single(other!.Differences));
        Assert.Equal(5, training.Trainer.Position.Step);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), other.CreatedAt);

        File.WriteAllBytes(path, (manifest with { WorldSize = 4 }).ToBytes());
        Assert.Equal("world size", (await Assert.ThrowsAsync<CheckpointMismatchException>(() => training.Trainer.ResumeAsync(store, Cancellation))).Part);
        File.WriteAllBytes(path, (manifest with { Format = 2 }).ToBytes());
        Assert.Equal("format", (await Assert.ThrowsAsync<CheckpointMismatchException>(() => training.Trainer.ResumeAsync(store, Cancellation))).Part);
        File.WriteAllBytes(path, (manifest with { Files = [.. manifest.Files.Select(file => file with { Name = "../../" + file.Name })] }).ToBytes());
        Assert.Equal("manifest.json", (await Assert.ThrowsAsync<CheckpointCorruptException>(() => training.Trainer.ResumeAsync(store, Cancellation))).File);
    }
}
