using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>All trainable parameters of one device, one type and one group, end to end in one tensor, and their gradients in another.</summary>
/// <remarks>Each parameter begins at a multiple of 64 bytes; what lies between them is zero in both tensors and stays so.</remarks>
public sealed class FlatBuffer
{
    internal FlatBuffer(string group, Tensor parameters, Tensor gradients, IReadOnlyList<FlatParameter> entries) =>
        (Group, Parameters, Gradients, Entries) = (group, parameters, gradients, entries);

    /// <summary>The group of its parameters; empty when the model was not grouped.</summary>
    public string Group { get; }

    /// <summary>The parameters, 1-d. Writing here changes the model.</summary>
    public Tensor Parameters { get; }

    /// <summary>The gradients, 1-d, in the same layout. The backward pass adds to them.</summary>
    public Tensor Gradients { get; }

    /// <summary>What lies where.</summary>
    public IReadOnlyList<FlatParameter> Entries { get; }

    /// <summary>The device of both tensors.</summary>
    public Device Device => Parameters.device;

    /// <summary>The type of both tensors.</summary>
    public ScalarType Dtype => Parameters.dtype;
}
