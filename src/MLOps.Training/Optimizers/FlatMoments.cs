using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// What an optimizer keeps for each element of the model's buffers, in tensors of the same layout, and the number of steps taken. Made at once, so that the memory of a training is known before it
/// begins; named by parameter in a checkpoint, so that the layout of the buffers may change between two versions.
/// </summary>
internal sealed class FlatMoments : IDisposable
{
    private readonly FlatModel _model;
    private readonly string[] _names;
    private readonly Tensor[][] _moments;
    private readonly Tensor[] _steps;
    private Dictionary<string, Tensor>? _views;

    /// <param name="model">The model.</param>
    /// <param name="names">What is kept, by PyTorch's names: <c>exp_avg</c>.</param>
    public FlatMoments(FlatModel model, params string[] names)
    {
        (_model, _names) = (model, names);
        _moments = [.. model.Buffers.Select(buffer => (Tensor[])[.. names.Select(_ => zeros_like(buffer.Parameters).DetachFromDisposeScope())])];
        _steps = [.. model.Buffers.Select(buffer => zeros([], ScalarType.Float32, buffer.Device).DetachFromDisposeScope())];
    }

    /// <summary>The tensors of a buffer, in the order of the names.</summary>
    public Tensor[] Of(int buffer) => _moments[buffer];

    /// <summary>Steps taken, those that were skipped not counted: 0-d float32 on the device of the buffer, as PyTorch keeps it. Equal for all buffers.</summary>
    public Tensor StepsOf(int buffer) => _steps[buffer];

    public void Save(TrainingState state)
    {
        foreach ((string name, Tensor view) in _views ??= MakeViews())
            state.Set(name, view);
    }

    /// <exception cref="CheckpointMismatchException">Names, shapes or types are not those of this model and optimizer.</exception>
    public void Check(TrainingState state) => LoadReport.Compare(_views ??= MakeViews(), state.Tensors).ThrowIfIncomplete(state.Name);

    /// <summary>Takes what <see cref="Check"/> has found to fit.</summary>
    public void Load(TrainingState state)
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor view) in _views ??= MakeViews())
            view.copy_(state.Tensors[name]);
        foreach (Tensor steps in _steps)
            steps.copy_(state.Tensors["step"]);
    }

    public void Dispose()
    {
        foreach (Tensor tensor in (_views?.Values ?? Enumerable.Empty<Tensor>()).Concat(_moments.SelectMany(tensors => tensors)).Concat(_steps))
            tensor.Dispose();
    }

    /// <summary>Made once: a checkpoint's stall is a copy and not a walk.</summary>
    private Dictionary<string, Tensor> MakeViews()
    {
        Dictionary<string, Tensor> views = new(StringComparer.Ordinal) { ["step"] = _steps[0] };
        for (int buffer = 0; buffer < _model.Buffers.Count; buffer++)
        {
            foreach (FlatParameter entry in _model.Buffers[buffer].Entries)
            {
                for (int name = 0; name < _names.Length; name++)
                    views.Add($"{_names[name]}.{entry.Name}", entry.ViewOf(_moments[buffer][name]).DetachFromDisposeScope());
            }
        }

        return views;
    }
}
