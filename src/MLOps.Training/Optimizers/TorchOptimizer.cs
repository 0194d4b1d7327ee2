using System.Globalization;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text;
using MLOps.Training.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Any of TorchSharp's own optimizers that steps parameter by parameter (all but LBFGS, which calls the loss function again), for a trainer. It takes the steps that the bare one takes.</summary>
/// <remarks>
/// <para>The learning rates of its groups keep their ratios to that of the first, which is the base learning rate. A divisor divides the gradients in the model's buffers. Where a callback may skip steps,
/// one number is read from the device at each step, which waits for it there; <see cref="FlatAdamW"/> and <see cref="FlatSgd"/> do not need that.</para>
/// <para>Its state in a checkpoint is TorchSharp's own format, in one tensor of bytes (uint8) named <c>state</c>, up to 2 GiB; writing it takes longer than the state of flat optimizers does. Not safe
/// for several threads.</para>
/// </remarks>
public sealed class TorchOptimizer : ModelOptimizer
{
    private readonly OptimizerHelper _optimizer;
    private readonly (optim.ILearningRateController Group, double Ratio)[] _groups;
    private readonly string _parameters;

    /// <summary>Takes an optimizer in.</summary>
    /// <param name="model">The model. It is not disposed with this.</param>
    /// <param name="optimizer">The optimizer, made from parameters of <c>model.Module</c>, all or some of them. It is disposed with this.</param>
    /// <exception cref="ArgumentException">It has a parameter that is not one of the model's; or the learning rate of its first group is not greater than 0.</exception>
    public TorchOptimizer(FlatModel model, OptimizerHelper optimizer)
        : base(model, FirstRate(optimizer))
    {
        _optimizer = optimizer;
        Dictionary<IntPtr, FlatParameter> entries = model.Buffers.SelectMany(buffer => buffer.Entries).ToDictionary(entry => entry.Tensor.Handle);
        StringBuilder parameters = new();
        foreach (Parameter parameter in optimizer.parameters())
        {
            if (!entries.TryGetValue(parameter.Handle, out FlatParameter? entry))
                throw new ArgumentException($"The optimizer has a parameter of shape [{string.Join(", ", parameter.shape)}] that the model does not train: it is another module's, or frozen. Make the optimizer from the parameters of model.Module that require a gradient.", nameof(optimizer));
            parameters.Append(CultureInfo.InvariantCulture, $"{entry.Name} {parameter.dtype} [{string.Join(", ", parameter.shape)}]\n");
        }

        _parameters = parameters.ToString();
        _groups = [.. optimizer.ParamGroups.Select(group => (group, group.LearningRate / BaseLearningRate))];
        Settings = Describe(optimizer);
    }

    /// <summary>The name of TorchSharp's class: <c>RMSprop</c>.</summary>
    public override string Name => _optimizer.GetType().Name;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings { get; }

    /// <inheritdoc/>
    public override void Step(GradientControl gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        Model.VerifyNext();
        using DisposeScope scope = NewDisposeScope();
        if (gradients.Skip is { } skip && skip.item<float>() != 0)
            return;
        if (gradients.Divisor is not null)
        {
            using IDisposable noGrad = no_grad();
            foreach (FlatBuffer buffer in Model.Buffers)
                buffer.Gradients.div_(new StepGuard(gradients, buffer.Device).Divisor!);
        }

        foreach ((optim.ILearningRateController group, double ratio) in _groups)
            group.LearningRate = LearningRate * ratio;
        _optimizer.step();
    }

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        OptimizerHeader.Save(this, state);
        state.Set("parameters", _parameters);
        state.Set("state", tensor(Write(), ScalarType.Byte));
    }

    /// <inheritdoc/>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        double rate = OptimizerHeader.Check(this, state);
        if (state.Values.GetValueOrDefault("parameters") != _parameters)
            throw new CheckpointMismatchException(state.Name, "it was kept for other parameters, for other shapes or types, or for another order of them. To change the model, load the weights alone.");
        if (!state.Tensors.TryGetValue("state", out Tensor? saved) || saved.dtype != ScalarType.Byte || saved.dim() != 1)
            throw new CheckpointMismatchException(state.Name, "it has no bytes named 'state'. It was kept by something else.");

        byte[] before = Write();
        try
        {
            Read(saved.data<byte>().ToArray());
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Read(before);
            throw new CheckpointMismatchException(state.Name, $"TorchSharp can't read its bytes ({error.Message}). Another version may have written them. Nothing was changed.");
        }

        LearningRate = rate;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _optimizer.Dispose();
        base.Dispose(disposing);
    }

    private static double FirstRate(OptimizerHelper optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return optimizer.ParamGroups.First().LearningRate;
    }

    /// <summary>The settings are public fields of a class that each optimizer has for itself. Learning rates are no settings here.</summary>
    private static Dictionary<string, string> Describe(OptimizerHelper optimizer)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal);
        int index = 0;
        foreach (OptimizerOptions options in optimizer.state_dict().Options)
        {
            foreach (FieldInfo field in options.GetType().GetFields(BindingFlags.Public | BindingFlags.Instance).OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                string name = index == 0 ? field.Name : string.Create(CultureInfo.InvariantCulture, $"group{index}.{field.Name}");
                settings.Add(name, field.GetValue(options) is IFormattable value ? value.ToString(null, CultureInfo.InvariantCulture) : field.GetValue(options)?.ToString() ?? "not set");
            }

            index++;
        }

        return settings;
    }

    private byte[] Write()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        _optimizer.save_state_dict(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>
    /// Tensors that TorchSharp makes while it reads are the optimizer's, and would go with the dispose scope of the caller. Dispose scopes belong to threads: a new thread has none.
    /// </summary>
    private void Read(byte[] bytes)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                using MemoryStream stream = new(bytes);
                using BinaryReader reader = new(stream);
                _optimizer.load_state_dict(reader);
            }
#pragma warning disable CA1031 // Thrown on the caller's thread.
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
#pragma warning restore CA1031
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
