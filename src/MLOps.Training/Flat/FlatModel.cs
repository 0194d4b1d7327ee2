using System.Globalization;
using MLOps.Training.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// A module whose trainable parameters lie end to end in one tensor per device, type and group, and their gradients in another. The module works as before; optimizers, clipping, moving
/// averages and checkpoints act on few large tensors instead of many small ones.
/// </summary>
/// <remarks>
/// Parameters become views into the buffers, in place: the module's own objects stay. Tied weights are one parameter. Frozen parameters (<c>requires_grad</c> false) stay where they are; freeze
/// and unfreeze before. A parameter that a step does not use has a gradient of zero, as with <c>zero_grad(set_to_none: false)</c> in PyTorch: an optimizer with weight decay still decays it.
/// The module's <c>to</c>, <c>half</c>, <c>zero_grad</c> and the like would take parameters out of the buffers: call them before; <see cref="Verify"/> finds it when one was called after.
/// Not safe for several threads.
/// </remarks>
public sealed class FlatModel : IDisposable
{
    private const int Alignment = 64;
    private readonly List<FlatBuffer> _buffers = [];
    private readonly HashSet<IntPtr> _frozen = [];

    /// <summary>Moves the parameters of a module into flat buffers.</summary>
    /// <param name="module">The module, on its device and in its type. It is not disposed with this.</param>
    /// <param name="group">The group of a parameter, from its name and tensor; null puts all into one. See <see cref="ExcludeFromDecay"/>.</param>
    /// <exception cref="ArgumentException">The module has no trainable parameter.</exception>
    public FlatModel(nn.Module module, Func<string, Tensor, string>? group = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        Module = module;

        List<(List<string> Names, Parameter Parameter)> found = [];
        Dictionary<IntPtr, List<string>> seen = [];
        foreach ((string name, Parameter parameter) in module.named_parameters())
        {
            if (seen.TryGetValue(parameter.Handle, out List<string>? names))
            {
                names.Add(name);
            }
            else if (!parameter.requires_grad)
            {
                _frozen.Add(parameter.Handle);
            }
            else
            {
                seen.Add(parameter.Handle, names = [name]);
                found.Add((names, parameter));
            }
        }

        if (found.Count == 0)
            throw new ArgumentException("The module has no parameter that requires a gradient: there is nothing to train.", nameof(module));

        using IDisposable noGrad = no_grad();
        foreach (var place in found.GroupBy(entry => (Device: entry.Parameter.device.ToString(), entry.Parameter.dtype, Group: group?.Invoke(entry.Names[0], entry.Parameter) ?? "")))
            _buffers.Add(Flatten(place.Key.Group, [.. place]));
    }

    /// <summary>The module.</summary>
    public nn.Module Module { get; }

    /// <summary>The buffers, in the order of their first parameters.</summary>
    public IReadOnlyList<FlatBuffer> Buffers => _buffers;

    /// <summary>A grouping for <see cref="FlatModel(nn.Module, Func{string, Tensor, string})"/>: parameters of at most one dimension (biases, the weights of norms) are in the group <c>no-decay</c>, all others in <c>decay</c>.</summary>
    public static string ExcludeFromDecay(string name, Tensor parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.dim() <= 1 ? "no-decay" : "decay";
    }

    /// <summary>Sets all gradients to zero.</summary>
    public void ZeroGradients()
    {
        foreach (FlatBuffer buffer in _buffers)
            buffer.Gradients.zero_();
    }

    /// <summary>Checks that the module still has the parameters that it had, and that they and their gradients still lie in the buffers.</summary>
    /// <exception cref="InvalidOperationException">A parameter was added, taken away, frozen, unfrozen or moved. The message names it.</exception>
    public void Verify()
    {
        HashSet<IntPtr> known = [.. _buffers.SelectMany(buffer => buffer.Entries).Select(entry => entry.Tensor.Handle)];
        foreach ((string name, Parameter parameter) in Module.named_parameters())
        {
            if (!known.Contains(parameter.Handle) && !(_frozen.Contains(parameter.Handle) && !parameter.requires_grad))
                throw new InvalidOperationException($"The parameter '{name}' is not in the flat buffers: it was added, replaced or unfrozen after the FlatModel was made. Make a new FlatModel and optimizer.");
        }

        foreach (FlatBuffer buffer in _buffers)
        {
            nint parameters = NativeTensor.DataOf(buffer.Parameters);
            nint gradients = NativeTensor.DataOf(buffer.Gradients);
            nint size = (nint)buffer.Parameters.ElementSize;
            foreach (FlatParameter entry in buffer.Entries)
            {
                if (!entry.Tensor.requires_grad)
                    throw new InvalidOperationException($"The parameter '{entry.Name}' was frozen after the FlatModel was made: freeze first, then make the FlatModel and optimizer.");
                using Tensor? gradient = entry.Tensor.grad;
                if (gradient is null || NativeTensor.DataOf(gradient) != gradients + (nint)entry.Offset * size || NativeTensor.DataOf(entry.Tensor) != parameters + (nint)entry.Offset * size)
                    throw new InvalidOperationException($"The parameter '{entry.Name}' or its gradient was taken out of the flat buffers, as .to() and .zero_grad() of a module do. Move a module before the FlatModel is made, and zero gradients by FlatModel.ZeroGradients.");
            }
        }
    }

    /// <summary>Keeps all parameters and buffers of the module, by the names of its <c>state_dict</c>.</summary>
    public void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach ((string name, Tensor tensor) in Module.state_dict())
            state.Set(name, tensor);
    }

    /// <summary>Checks that <see cref="LoadState"/> would take a state, and changes nothing.</summary>
    /// <exception cref="CheckpointMismatchException">Names, shapes or types are not the model's.</exception>
    public void CheckState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        LoadReport.Compare(Module.state_dict(), state.Tensors).ThrowIfIncomplete(state.Name);
    }

    /// <summary>Takes back what <see cref="SaveState"/> kept.</summary>
    /// <exception cref="CheckpointMismatchException">Names, shapes or types are not the model's. Nothing has been changed then.</exception>
    public void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        LoadReport.Load(Module, state.Tensors).ThrowIfIncomplete(state.Name);
    }

    /// <summary>Frees the buffers. The module keeps its parameters, which go on as ordinary ones without gradients.</summary>
    public void Dispose()
    {
        foreach (FlatBuffer buffer in _buffers)
        {
            foreach (FlatParameter entry in buffer.Entries)
                entry.Tensor.grad = null;
            buffer.Parameters.Dispose();
            buffer.Gradients.Dispose();
        }

        _buffers.Clear();
    }

    private static FlatBuffer Flatten(string group, List<(List<string> Names, Parameter Parameter)> members)
    {
        long step = Alignment / members[0].Parameter.ElementSize;
        long length = members.Sum(member => Pad(member.Parameter.numel()));
        Tensor like = members[0].Parameter;
        Tensor parameters = zeros([length], like.dtype, like.device).DetachFromDisposeScope();
        Tensor gradients = zeros([length], like.dtype, like.device).DetachFromDisposeScope();
        List<FlatParameter> entries = [];
        long offset = 0;
        foreach ((List<string> names, Parameter parameter) in members)
        {
            FlatParameter entry = new(names[0], names, parameter, offset, parameter.numel());
            using Tensor view = entry.ViewOf(parameters);
            view.copy_(parameter);
            parameter.set_(view);
            using Tensor gradient = entry.ViewOf(gradients);
            parameter.grad = gradient;
            entries.Add(entry);
            offset += Pad(entry.Length);
        }

        return new FlatBuffer(group, parameters, gradients, entries);

        long Pad(long elements) => (elements + step - 1) / step * step;
    }
}
