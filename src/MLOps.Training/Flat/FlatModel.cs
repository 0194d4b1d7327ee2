using System.Runtime.CompilerServices;
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
/// <para>Parameters become views into the buffers, in place: the module's own objects stay, and so do their values. Weights that are tied, because one <see cref="Parameter"/> or one module is
/// registered under several names, are one parameter with several names. Frozen parameters (<c>requires_grad</c> false) stay where they are; freeze and unfreeze before. Gradients that are there
/// before are dropped: training begins from zero.</para>
/// <para>A parameter that a step does not use has a gradient of zero, as with <c>zero_grad(set_to_none: false)</c> in PyTorch: an optimizer with weight decay still decays it, and moments still
/// move it. <see cref="FindUnused"/> names such parameters.</para>
/// <para>The module's <c>to</c>, <c>half</c>, <c>zero_grad</c> and the like, and <c>backward(create_graph: true)</c>, take parameters or gradients out of the buffers. Call <c>to</c> before, and
/// zero gradients by <see cref="ZeroGradients"/>; <see cref="Verify"/> finds it when it happened. A parameter lies in one FlatModel at a time. Not safe for several threads.</para>
/// </remarks>
public sealed class FlatModel : IDisposable
{
    private const int Alignment = 64;

    /// <summary>Which parameter lies in which model, so that a second FlatModel does not take it away unseen. By object: a module keeps its own.</summary>
    private static readonly ConditionalWeakTable<Tensor, FlatModel> Owners = [];

    private readonly List<FlatBuffer> _buffers = [];
    private readonly Dictionary<IntPtr, (FlatBuffer Buffer, FlatParameter Entry)> _places = [];
    private readonly HashSet<IntPtr> _frozen = [];
    private readonly (FlatBuffer Buffer, FlatParameter Entry)[] _rota;
    private int _next;

    /// <summary>Moves the parameters of a module into flat buffers. When it throws, the module is as it was.</summary>
    /// <param name="module">The module, on its device and in its type. It is not disposed with this.</param>
    /// <param name="group">The group of a parameter, from its name and tensor; null puts all into one. See <see cref="ExcludeFromDecay"/>.</param>
    /// <exception cref="ArgumentException">The module has no trainable parameter; or one is not of a floating-point type (float16, bfloat16, float32, float64), not dense, not a leaf, shares its
    /// memory with another tensor of the module, or lies in another FlatModel. The message names it.</exception>
    public FlatModel(nn.Module module, Func<string, Tensor, string>? group = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        Module = module;

        Dictionary<IntPtr, (List<string> Names, Parameter Parameter)> found = [];
        foreach ((string name, Parameter parameter) in module.named_parameters())
        {
            if (!parameter.requires_grad)
                _frozen.Add(parameter.Handle);
            else if (found.TryAdd(parameter.Handle, ([name], parameter)))
                Refuse(module, name, parameter);
        }

        if (found.Count == 0)
            throw new ArgumentException("The module has no parameter that requires a gradient: there is nothing to train. A module of your own registers its parts by RegisterComponents() at the end of its constructor.", nameof(module));
        RefuseSharedMemory(module, [.. found.Values.Select(entry => (entry.Names[0], (Tensor)entry.Parameter))]);

        // TorchSharp lists a tied parameter once, under its first name.
        foreach ((string name, Parameter parameter) in NamesOf(module, ""))
        {
            if (found.TryGetValue(parameter.Handle, out var entry) && !entry.Names.Contains(name))
                entry.Names.Add(name);
        }

        var places = found.Values.GroupBy(entry => (Device: entry.Parameter.device.ToString(), entry.Parameter.dtype, Group: group?.Invoke(entry.Names[0], entry.Parameter) ?? "")).ToList();
        using IDisposable noGrad = no_grad();
        foreach (var place in places)
            _buffers.Add(Allocate(place.Key.Group, [.. place]));
        foreach (FlatBuffer buffer in _buffers)
            Move(buffer);
        _rota = [.. _places.Values];
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

    /// <summary>
    /// The names of the parameters whose gradients are zero to the last element. After a backward pass and before gradients are zeroed, in <see cref="TrainerCallback.OnBackward"/> for one, these
    /// are the parameters that the loss did not use, and those whose gradient happens to vanish (all inputs zero, a dead ReLU): one step alone does not tell the two apart.
    /// </summary>
    /// <remarks>Reads from the device, once for each parameter.</remarks>
    public IReadOnlyList<string> FindUnused()
    {
        List<string> unused = [];
        foreach ((FlatBuffer buffer, FlatParameter entry) in _rota)
        {
            using DisposeScope scope = NewDisposeScope();
            if (entry.Length > 0 && !entry.ViewOf(buffer.Gradients).any().item<bool>())
                unused.Add(entry.Name);
        }

        return unused;
    }

    /// <summary>Checks that the module still has the parameters that it had, and that they and their gradients still lie in the buffers. Some 3 µs for each parameter.</summary>
    /// <exception cref="InvalidOperationException">A parameter was added, taken away, replaced, frozen, unfrozen or moved. The message names it.</exception>
    public void Verify()
    {
        int seen = 0;
        foreach ((string name, Parameter parameter) in Module.named_parameters())
        {
            if (_places.ContainsKey(parameter.Handle))
                seen++;
            else if (!_frozen.Contains(parameter.Handle) || parameter.requires_grad)
                throw new InvalidOperationException($"The parameter '{name}' is not in the flat buffers: it was added, replaced or unfrozen after the FlatModel was made. Make a new FlatModel and optimizer.");
        }

        if (seen < _places.Count)
        {
            HashSet<IntPtr> present = [.. Module.named_parameters().Select(pair => pair.parameter.Handle)];
            if (_rota.FirstOrDefault(place => !present.Contains(place.Entry.Tensor.Handle)).Entry is { } lost)
                throw new InvalidOperationException($"The parameter '{lost.Name}' is no longer in the module: it was taken away or replaced after the FlatModel was made. Make a new FlatModel and optimizer.");
        }

        foreach ((FlatBuffer buffer, FlatParameter entry) in _rota)
            VerifyPlace(buffer, entry);
    }

    /// <summary>
    /// Checks one parameter, the next at each call: what takes gradients out of the buffers, <c>module.zero_grad()</c> in a loss function for one, takes all out, and must not go unseen until the
    /// end of an epoch while the optimizer reads zeros. Some 3 µs.
    /// </summary>
    internal void VerifyNext()
    {
        (FlatBuffer buffer, FlatParameter entry) = _rota[_next];
        _next = (_next + 1) % _rota.Length;
        VerifyPlace(buffer, entry);
    }

    internal bool Has(Tensor parameter) => _places.ContainsKey(parameter.Handle);

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
        foreach ((_, FlatParameter entry) in _places.Values)
        {
            Owners.Remove(entry.Tensor);
            // The module may have been disposed before.
            if (!entry.Tensor.IsInvalid)
                entry.Tensor.grad = null;
        }

        foreach (FlatBuffer buffer in _buffers)
        {
            buffer.Parameters.Dispose();
            buffer.Gradients.Dispose();
        }

        _buffers.Clear();
        _places.Clear();
    }

    private static void VerifyPlace(FlatBuffer buffer, FlatParameter entry)
    {
        if (!entry.Tensor.requires_grad)
            throw new InvalidOperationException($"The parameter '{entry.Name}' was frozen after the FlatModel was made: freeze first, then make the FlatModel and optimizer.");
        using Tensor? gradient = entry.Tensor.grad;
        // What has no elements has no address.
        nint offset = (nint)(entry.Offset * buffer.Parameters.ElementSize);
        if (gradient is null || (entry.Length > 0 && (NativeTensor.DataOf(gradient) != NativeTensor.DataOf(buffer.Gradients) + offset || NativeTensor.DataOf(entry.Tensor) != NativeTensor.DataOf(buffer.Parameters) + offset)))
            throw new InvalidOperationException($"The parameter '{entry.Name}' or its gradient was taken out of the flat buffers, as .to() and .zero_grad() of a module and backward(create_graph: true) do. Move a module before the FlatModel is made, and zero gradients by FlatModel.ZeroGradients.");
    }

    private static void Refuse(nn.Module module, string name, Parameter parameter)
    {
        if (parameter.dtype is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
            throw new ArgumentException($"The parameter '{name}' is of type {parameter.dtype}: float16, bfloat16, float32 and float64 can be trained. Set its requires_grad to false to leave it as it is.", nameof(module));
        if (parameter.is_sparse || parameter.device_type == DeviceType.META)
            throw new ArgumentException($"The parameter '{name}' is {(parameter.is_sparse ? "sparse" : "on the meta device and has no values")}: only dense parameters can lie in a flat buffer. Sparse gradients are well.", nameof(module));
        if (!parameter.is_leaf)
            throw new ArgumentException($"The parameter '{name}' was computed from other tensors that require gradients, and is not a leaf. Detach it first.", nameof(module));
        if (Owners.TryGetValue(parameter, out _))
            throw new ArgumentException($"The parameter '{name}' lies in another FlatModel already: use that one, or dispose it first.", nameof(module));
    }

    /// <summary>
    /// Tensors that share memory would part when one of them moves. Compared are the spans from the first to the last element, so that views which interleave (the columns of one matrix) are refused too.
    /// </summary>
    private static void RefuseSharedMemory(nn.Module module, List<(string Name, Tensor Tensor)> trained)
    {
        HashSet<IntPtr> handles = [.. trained.Select(entry => entry.Tensor.Handle)];
        var others = module.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter)).Concat(module.named_buffers().Select(pair => (pair.name, pair.buffer)));
        List<(string Device, nint From, nint To, string Name, bool IsTrained)> spans = [];
        foreach ((string name, Tensor tensor) in trained.Concat(others.Where(entry => !handles.Contains(entry.Item2.Handle) && !entry.Item2.is_sparse)))
        {
            if (tensor.numel() == 0)
                continue;
            long span = 1 + tensor.shape.Zip(tensor.stride(), (size, stride) => (size - 1) * stride).Sum();
            bool isTrained = handles.Contains(tensor.Handle);
            if (isTrained && span < tensor.numel())
                throw new ArgumentException($"Elements of the parameter '{name}' share memory, as after expand(): make it contiguous first.", nameof(module));
            nint from = NativeTensor.DataOf(tensor);
            spans.Add((tensor.device.ToString(), from, from + (nint)(span * tensor.ElementSize), name, isTrained));
        }

        foreach (var device in spans.GroupBy(span => span.Device, StringComparer.Ordinal))
        {
            (nint To, string Name, bool IsTrained) furthest = (0, "", false), furthestTrained = furthest;
            foreach (var span in device.OrderBy(span => span.From))
            {
                var before = span.IsTrained ? furthest : furthestTrained;
                if (span.From < before.To)
                    throw new ArgumentException($"'{span.Name}' and '{before.Name}' of the module share memory, as views of one tensor do. To tie weights, register one Parameter under both names; else clone one of them.", nameof(module));
                if (span.To > furthest.To)
                    furthest = (span.To, span.Name, span.IsTrained);
                if (span.IsTrained && span.To > furthestTrained.To)
                    furthestTrained = (span.To, span.Name, true);
            }
        }
    }

    private static IEnumerable<(string Name, Parameter Parameter)> NamesOf(nn.Module module, string prefix)
    {
        foreach ((string name, Parameter parameter) in module.named_parameters(recurse: false))
            yield return (prefix + name, parameter);
        // A ScriptModule makes its children anew at each call, and lists their parameters itself.
        if (module is jit.ScriptModule)
            yield break;
        foreach ((string name, nn.Module child) in module.named_children())
        {
            foreach ((string Name, Parameter Parameter) entry in NamesOf(child, $"{prefix}{name}."))
                yield return entry;
        }
    }

    private static FlatBuffer Allocate(string group, List<(List<string> Names, Parameter Parameter)> members)
    {
        Tensor like = members[0].Parameter;
        long step = Alignment / like.ElementSize;
        List<FlatParameter> entries = [];
        long offset = 0;
        foreach ((List<string> names, Parameter parameter) in members)
        {
            entries.Add(new(names[0], names, parameter, offset, parameter.numel()));
            offset += (parameter.numel() + step - 1) / step * step;
        }

        // At least one line, so that a group of empty parameters is no special case.
        long length = Math.Max(offset, step);
        return new FlatBuffer(group, zeros([length], like.dtype, like.device).DetachFromDisposeScope(), zeros([length], like.dtype, like.device).DetachFromDisposeScope(), entries);
    }

    private void Move(FlatBuffer buffer)
    {
        foreach (FlatParameter entry in buffer.Entries)
        {
            using Tensor view = entry.ViewOf(buffer.Parameters);
            view.copy_(entry.Tensor);
            entry.Tensor.set_(view);
            using Tensor gradient = entry.ViewOf(buffer.Gradients);
            entry.Tensor.grad = gradient;
            _places.Add(entry.Tensor.Handle, (buffer, entry));
            Owners.Add(entry.Tensor, this);
        }
    }
}
