using static TorchSharp.torch;

namespace MLOps.Training.Tests.Flat;

/// <summary>Tensors compared by their bytes: -0 is not 0, and one NaN is itself.</summary>
internal static class Bits
{
    public static byte[] Of(Tensor tensor) => tensor.numel() == 0 ? [] : tensor.detach().contiguous().bytes.ToArray();

    public static byte[] OfAll(IEnumerable<Tensor> tensors) => [.. tensors.SelectMany(Of)];

    public static double[] Values(Tensor tensor) => tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
}
