using MLOps.Registry;
using MLOps.Registry.Signatures;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Runs;

[Collection("torch")]
public sealed class TorchModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_signature_is_inferred_from_what_the_module_makes_of_an_example()
    {
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(3 * 6 * 6, 10));
        using Tensor example = zeros(2, 1, 8, 8);
        ModelSignature signature = TorchModel.InferSignature(module, example);
        Assert.Equal(
            new ModelSignature
            {
                Inputs = new() { Tensors = [new(null, "float32", [-1, 1, 8, 8])] },
                Outputs = new() { Tensors = [new(null, "float32", [-1, 10])] },
            },
            signature);
    }

    [Fact]
    public void Inference_leaves_modes_statistics_gradients_and_the_generator_as_they_were()
    {
        using nn.Module<Tensor, Tensor> frozen = nn.BatchNorm1d(4), norm = nn.BatchNorm1d(4), dropout = nn.Dropout(0.5);
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Linear(4, 4), frozen, norm, dropout);
        module.train();
        frozen.eval();
        using Tensor example = ones(2, 4), before = random.get_rng_state();
        long tensors = Tensor.TotalCount;
        byte[] statistics = [.. module.buffers().SelectMany(buffer => buffer.bytes.ToArray())];

        TorchModel.InferSignature(module, example);

        Assert.Equal((true, false, true, true), (module.training, frozen.training, norm.training, dropout.training));
        Assert.Equal(statistics, module.buffers().SelectMany(buffer => buffer.bytes.ToArray()));
        using Tensor after = random.get_rng_state();
        Assert.Equal(before.bytes.ToArray(), after.bytes.ToArray());
        Assert.All(module.parameters(), parameter => Assert.True(parameter.requires_grad && parameter.grad is null));
        Assert.Equal(tensors + 1, Tensor.TotalCount);
    }

    [Fact]
    public void Types_of_elements_have_numpys_names_and_bfloat16_its_own()
    {
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 2, dtype: bfloat16);
        using Tensor example = zeros(3, 4, bfloat16);
        ModelSignature signature = TorchModel.InferSignature(module, example);
        Assert.Equal("bfloat16", signature.Inputs!.Tensors[0].Dtype);
        Assert.Equal("bfloat16", signature.Outputs!.Tensors[0].Dtype);
    }

    [Fact]
    public void A_module_of_two_inputs_has_no_signature_of_ours()
    {
        using nn.Module module = nn.Bilinear(2, 2, 1);
        using Tensor example = zeros(3, 2);
        Assert.Contains("one tensor", Assert.Throws<ArgumentException>(() => TorchModel.InferSignature(module, example)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_training_registers_its_model_which_scores_as_it_did(bool sqlite)
    {
        await using Tracker tracker = Open(sqlite);
        await using ModelRegistry registry = OpenRegistry(tracker, sqlite);
        using TrackedTraining training = new();
        using Tensor example = rand(3, 4);
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        RunTracking tracking = new(run, new() { Registry = registry, RegisterAs = "law", Example = example });
        training.Trainer.Use(tracking);
        await training.Trainer.RunAsync(TrainingLength.Epochs(2), Token);
        await run.EndAsync(cancellationToken: Token);

        ModelVersion version = await registry.GetVersionAsync("law", 1, Token);
        Assert.Equal(tracking.Version!.Ref, version.Ref);
        Assert.True(version.IsVerified);
        Assert.Equal(run.Id, version.Facts.RunId);
        Assert.Equal("torchsharp", version.Facts.Flavors[0].Name);
        Assert.Equal("model.safetensors", version.Facts.Flavors[0].Properties["data"]);
        Assert.Equal([-1L, 4], version.Facts.Signature!.Inputs!.Tensors[0].Shape);
        Assert.Equal([-1L, 1], version.Facts.Signature.Outputs!.Tensors[0].Shape);
        Assert.Equal("Plain", version.Facts.Params["optimizer"]);
        Assert.Equal((await tracker.GetRunAsync(run.Id, Token)).Metrics["loss"].Value, version.Facts.Metrics["loss"]);
        Assert.Equal(["MLmodel", "model.safetensors"], version.Facts.Manifest!.Files.Select(file => file.Path));

        using nn.Module<Tensor, Tensor> fresh = nn.Linear(4, 1);
        using Registry.ModelFiles files = await registry.ResolveAsync("law/1", cancellationToken: Token);
        nn.Module<Tensor, Tensor> loaded = TorchModel.Load(files, fresh);
        Assert.Same(fresh, loaded);
        Assert.False(loaded.training);
        Assert.All(loaded.parameters(), parameter => Assert.False(parameter.requires_grad));
        training.Module.eval();
        using Tensor expected = training.Module.call(example), scored = loaded.call(example);
        Assert.Equal(expected.detach().bytes.ToArray(), scored.bytes.ToArray());
    }

    [Fact]
    public async Task The_description_beside_the_weights_is_the_one_that_MLflow_reads()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using Tensor example = zeros(1, 4);
        DateTimeOffset at = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await TorchModel.LogAsync(run, module, TorchModel.InferSignature(module, example), "model", new Microsoft.Extensions.Time.Testing.FakeTimeProvider(at), Token);

        await using Stream stream = await tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation)).OpenReadAsync("model/MLmodel", Token);
        using StreamReader reader = new(stream);
        string[] lines = (await reader.ReadToEndAsync(Token)).Split('\n');
        Assert.Equal(
            [
                "artifact_path: \"model\"",
                "flavors:",
                "  torchsharp:",
                "    data: \"model.safetensors\"",
                $"    libtorch_version: \"{__version__}\"",
                "    module: \"TorchSharp.Modules.Linear\"",
            ],
            lines[..6]);
        Assert.Contains($"run_id: \"{run.Id}\"", lines);
        Assert.Contains("""  inputs: "[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float32\", \"shape\": [-1, 4]}}]" """.TrimEnd(), lines);
        Assert.Contains("  params: null", lines);
        Assert.Contains("utc_time_created: \"2026-01-02 03:04:05.000000\"", lines);
    }

    [Fact]
    public async Task Another_module_is_refused_and_left_as_it_was()
    {
        (Tracker tracker, ModelRegistry registry) = await RegisterAsync(nn.Linear(4, 1), zeros(1, 4));
        await using (tracker)
        await using (registry)
        {
            using Registry.ModelFiles files = await registry.ResolveAsync("law/1", cancellationToken: Token);
            using nn.Module<Tensor, Tensor> wider = nn.Linear(5, 1);
            byte[] before = [.. wider.parameters().SelectMany(parameter => parameter.bytes.ToArray())];
            CheckpointMismatchException refused = Assert.Throws<CheckpointMismatchException>(() => TorchModel.Load(files, wider));
            Assert.Contains("weight", refused.Report!.Mismatched.Single(), StringComparison.Ordinal);
            Assert.Equal(before, wider.parameters().SelectMany(parameter => parameter.bytes.ToArray()));
            Assert.True(wider.training);
        }
    }

    [Fact]
    public async Task A_module_of_the_same_weights_that_gives_something_else_is_refused()
    {
        (Tracker tracker, ModelRegistry registry) = await RegisterAsync(nn.Sequential(("law", nn.Linear(4, 3))), zeros(1, 4));
        await using (tracker)
        await using (registry)
        {
            using Registry.ModelFiles files = await registry.ResolveAsync("law/1", cancellationToken: Token);
            using nn.Module<Tensor, Tensor> other = nn.Sequential(("law", nn.Linear(4, 3)), ("unfold", nn.Unflatten(1, [3, 1])));
            CheckpointMismatchException refused = Assert.Throws<CheckpointMismatchException>(() => TorchModel.Load(files, other));
            Assert.Equal("signature", refused.Part);
            Assert.Contains("[1, 3, 1]", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_run_registers_later_leaves_its_earlier_versions_as_they_were()
    {
        await using Tracker tracker = Open();
        await using ModelRegistry registry = OpenRegistry(tracker);
        using TrackedTraining training = new();
        await using Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { Registry = registry, RegisterAs = "law" });
        await training.Trainer.RunAsync(TrainingLength.Steps(3), Token);
        await training.Trainer.RunAsync(TrainingLength.Steps(6), Token);

        foreach (int number in (int[])[1, 2])
            Assert.True((await registry.VerifyVersionAsync("law", number, Token)).IsVerified);
        Assert.NotEqual((await registry.GetVersionAsync("law", 1, Token)).Facts.Manifest!.Digest, (await registry.GetVersionAsync("law", 2, Token)).Facts.Manifest!.Digest);
        Assert.Null((await registry.GetVersionAsync("law", 1, Token)).Facts.Signature);
        Assert.EndsWith("/model-6", (await registry.GetVersionAsync("law", 2, Token)).Facts.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Averaged_weights_are_registered_within_their_swap()
    {
        await using Tracker tracker = Open();
        await using ModelRegistry registry = OpenRegistry(tracker);
        using TrackedTraining training = new();
        using ExponentialMovingAverage ema = new(training.Model, 0.9);
        await using Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Use(ema).Track(run, new() { Registry = registry, RegisterAs = "law", Within = ema.Swap });
        await training.Trainer.RunAsync(TrainingLength.Steps(6), Token);

        using Registry.ModelFiles files = await registry.ResolveAsync("law/1", cancellationToken: Token);
        using nn.Module<Tensor, Tensor> loaded = TorchModel.Load(files, nn.Linear(4, 1));
        byte[] Weights(nn.Module module) => [.. module.parameters().SelectMany(parameter => parameter.detach().bytes.ToArray())];
        Assert.NotEqual(Weights(training.Module), Weights(loaded));
        using (ema.Swap())
            Assert.Equal(Weights(training.Module), Weights(loaded));
    }

    [Fact]
    public async Task An_example_that_the_model_does_not_take_fails_before_the_first_step()
    {
        await using Tracker tracker = Open();
        await using ModelRegistry registry = OpenRegistry(tracker);
        using TrackedTraining training = new();
        using Tensor example = zeros(1, 7);
        await using Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { Registry = registry, RegisterAs = "law", Example = example });
        await Assert.ThrowsAnyAsync<Exception>(() => training.Trainer.RunAsync(TrainingLength.Steps(3), Token));
        Assert.Equal(0, training.Trainer.Position.Step);
        Assert.Null(await registry.FindModelAsync("law", Token));
    }

    private async Task<(Tracker Tracker, ModelRegistry Registry)> RegisterAsync(nn.Module<Tensor, Tensor> module, Tensor example)
    {
        Tracker tracker = Open();
        ModelRegistry registry = OpenRegistry(tracker);
        using (module)
        using (example)
        {
            await using Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
            ModelSignature signature = TorchModel.InferSignature(module, example);
            IReadOnlyList<ArtifactFile> files = await TorchModel.LogAsync(run, module, signature, "model", cancellationToken: Token);
            Assert.Equal(["model/MLmodel", "model/model.safetensors"], files.Select(file => file.Path.Value).Order(StringComparer.Ordinal));
            await registry.RegisterAsync("law", ModelContent.FromRun(run.Id, "model"), new RegisterOptions { Signature = signature }, cancellationToken: Token);
        }

        return (tracker, registry);
    }

    private Tracker Open(bool sqlite = false) => Tracker.Open(t =>
        (sqlite ? t.UseSqlite(_folder["mlops.db"]) : t.UseInMemory(_folder.Path)).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));

    private ModelRegistry OpenRegistry(Tracker tracker, bool sqlite = false) => ModelRegistry.Open(r =>
        (sqlite ? r.UseSqlite(_folder["mlops.db"]) : r.UseInMemory(_folder.Path)).UseTracker(tracker).Configure(o => o.CacheFolder = _folder["cache"]));
}
