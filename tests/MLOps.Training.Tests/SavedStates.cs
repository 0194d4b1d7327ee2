using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>The state of a training apart from it, as a checkpoint holds it.</summary>
internal static class SavedStates
{
    public static IReadOnlyList<TrainingState> Copy(IReadOnlyList<TrainingState> states) => [.. states.Select(Copy)];

    private static TrainingState Copy(TrainingState state)
    {
        TrainingState copy = new(state.Name);
        foreach ((string name, Tensor tensor) in state.Tensors)
            copy.Set(name, tensor.detach().clone().DetachFromDisposeScope());
        foreach ((string name, string value) in state.Values)
            copy.Set(name, value);
        return copy;
    }
}
