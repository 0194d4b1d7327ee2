using MLOps.Registry;
using MLOps.Registry.Signatures;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Models of TorchSharp among the artifacts of a run and in the registry: weights as safetensors, with an <c>MLmodel</c> file that tells the signature. The module is code: a program that loads one has its type.</summary>
public static class TorchModel
{
    private const string Flavor = "torchsharp", WeightsProperty = "data", Weights = "model.safetensors";

    /// <summary>Finds out what a module takes and gives by running it once, in evaluation mode and without gradients. The module's modes and PyTorch's CPU generator are as before when it returns.</summary>
    /// <param name="module">The module.</param>
    /// <param name="example">An input. Its first size is that of the batch, which becomes -1, as does the first size of the output where it is the same. On any device.</param>
    /// <returns>The signature: one tensor without a name on each side.</returns>
    /// <exception cref="ArgumentException">The module does not take one tensor and give one.</exception>
    public static ModelSignature InferSignature(nn.Module module, Tensor example)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(example);
        using DisposeScope scope = NewDisposeScope();
        Tensor output = Run(module, example);
        long batch = example.dim() > 0 ? example.shape[0] : -1;
        return new ModelSignature { Inputs = SchemaOf(example, batch), Outputs = SchemaOf(output, batch) };
    }

    /// <summary>Logs a model as artifacts of a run: its weights, <c>model.safetensors</c>, and <c>MLmodel</c>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="module">The module; its parameters and buffers are logged by the names of its <c>state_dict</c>.</param>
    /// <param name="signature">What it takes and gives; null when unknown.</param>
    /// <param name="path">The folder that it goes to. What lies there is replaced: a version that was registered from it would be corrupt then.</param>
    /// <param name="time">What tells when it was logged; null for the system's clock.</param>
    /// <param name="cancellationToken">Gives up; files that are whole stay.</param>
    /// <returns>The artifacts. <see cref="ModelContent.FromRun"/> registers them.</returns>
    /// <exception cref="ArtifactStoreException">The store refuses for good.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async Task<IReadOnlyList<ArtifactFile>> LogAsync(Run run, nn.Module module, ModelSignature? signature, ArtifactPath path, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(module);
        string folder = Directory.CreateTempSubdirectory("mlops-model-").FullName;
        try
        {
            string weights = Path.Join(folder, Weights);
            ModelWeights.SaveSafetensors(module, weights, new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" });
            ModelFlavor flavor = new(Flavor)
            {
                Properties = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [WeightsProperty] = Weights,
                    ["module"] = module.GetType().ToString(),
                    ["torchsharp_version"] = TrainingParams.VersionOf(typeof(torch)),
                    ["libtorch_version"] = __version__,
                },
            };
            string description = ModelDescription.Write(run.Id, path.Value, flavor, signature, (time ?? TimeProvider.System).GetUtcNow(), new FileInfo(weights).Length);
            await File.WriteAllTextAsync(Path.Join(folder, ModelDescription.File), description, cancellationToken).ConfigureAwait(false);
            return await run.LogArtifactsAsync(folder, path, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Loads the weights of a registered version into a module and makes it ready to score: what <see cref="ModelRegistry.OpenModelAsync"/> needs.</summary>
    /// <typeparam name="TModule">The module's type.</typeparam>
    /// <param name="files">The verified files of the version.</param>
    /// <param name="module">A new module of the type that was trained, on any device. Not disposed when this throws.</param>
    /// <returns>The module, in evaluation mode, its parameters needing no gradient.</returns>
    /// <remarks>Where the version has a signature of one tensor on each side, the module is run once with zeros of its shape, so that one that does not fit never serves.</remarks>
    /// <exception cref="CheckpointMismatchException">A name, shape or type differs between the file and the module, or what the module gives is not what the signature says. Nothing was loaded in the first case.</exception>
    /// <exception cref="ModelFileException">The weights are no safetensors file.</exception>
    /// <exception cref="FileNotFoundException">The version has no such weights.</exception>
    /// <example><code>await registry.OpenModelAsync("digits@champion", (files, _) => ValueTask.FromResult(TorchModel.Load(files, new DigitsNet())));</code></example>
    public static TModule Load<TModule>(Registry.ModelFiles files, TModule module)
        where TModule : nn.Module
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(module);
        string weights = files.Version?.Facts.Flavors.FirstOrDefault(flavor => flavor.Name == Flavor)?.Properties.GetValueOrDefault(WeightsProperty) ?? Weights;
        ModelWeights.LoadSafetensors(module, files.GetPath(weights));
        module.eval();
        foreach (TorchSharp.Modules.Parameter parameter in module.parameters())
            parameter.requires_grad = false;
        if (files.Version?.Facts.Signature is { } signature)
            Check(module, signature);
        return module;
    }

    private static void Check(nn.Module module, ModelSignature signature)
    {
        if (signature is not { Inputs.Tensors: [var input], Outputs.Tensors: [var expected] } || Dtypes.Find(input.Dtype) is not { } type)
            return;
        using DisposeScope scope = NewDisposeScope();
        Tensor output = Run(module, zeros([.. input.Shape.Select(size => size < 0 ? 1 : size)], type));
        if (Dtypes.NameOf(output.dtype) != expected.Dtype || output.dim() != expected.Shape.Count || output.shape.Zip(expected.Shape).Any(size => size.Second >= 0 && size.First != size.Second))
        {
            throw new CheckpointMismatchException(
                "signature",
                $"for an input {Describe(input.Dtype, input.Shape)} the module gives {Describe(Dtypes.NameOf(output.dtype), output.shape)}, the version says {Describe(expected.Dtype, expected.Shape)}. Load it into the module that it was trained in.");
        }
    }

    /// <summary>Runs a module as it scores, and leaves it as it was.</summary>
    private static Tensor Run(nn.Module module, Tensor input)
    {
        if (module is not nn.Module<Tensor, Tensor> model)
            throw new ArgumentException($"{module.GetType().Name} is no module that takes one tensor and gives one, so that its signature can't be inferred. Register without an example, or write the ModelSignature by hand.", nameof(module));
        // Parents before children: train() goes down, too.
        List<(nn.Module Part, bool IsTraining)> modes = [(module, module.training), .. module.modules().Select(part => (part, part.training))];
        Tensor generator = random.get_rng_state();
        try
        {
            using IDisposable noGrad = no_grad();
            module.eval();
            Device? device = module.parameters().Select(parameter => parameter.device).FirstOrDefault();
            return model.call(device is null ? input : input.to(device));
        }
        finally
        {
            foreach ((nn.Module part, bool isTraining) in modes)
                part.train(isTraining);
            random.set_rng_state(generator);
        }
    }

    private static SignatureSchema SchemaOf(Tensor tensor, long batch)
    {
        long[] shape = [.. tensor.shape];
        if (shape.Length > 0 && shape[0] == batch)
            shape[0] = -1;
        return new SignatureSchema { Tensors = [new TensorSpec(null, Dtypes.NameOf(tensor.dtype), shape)] };
    }

    private static string Describe(string type, IReadOnlyList<long> shape) => $"{type} [{string.Join(", ", shape)}]";
}
