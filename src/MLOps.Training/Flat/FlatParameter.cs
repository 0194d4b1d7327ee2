using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>A parameter of a model and its place in a <see cref="FlatBuffer"/>.</summary>
/// <param name="Name">Its name in the module, <c>conv1.weight</c>; of a tied parameter the first.</param>
/// <param name="Names">All its names: more than one when weights are tied.</param>
/// <param name="Tensor">The parameter itself, a view into the buffer.</param>
/// <param name="Offset">Where it begins in the buffer, in elements.</param>
/// <param name="Length">How many elements it has.</param>
public sealed record FlatParameter(string Name, IReadOnlyList<string> Names, Tensor Tensor, long Offset, long Length)
{
    /// <summary>The part of <paramref name="flat"/>, a tensor of the buffer's length, that belongs to this parameter, in the parameter's shape. A view, which the caller disposes.</summary>
    public Tensor ViewOf(Tensor flat)
    {
        ArgumentNullException.ThrowIfNull(flat);
        using Tensor part = flat.narrow(0, Offset, Length);
        return part.view(Tensor.shape);
    }
}
