using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace MLOps.Training;

internal static class BatchDisposal
{
    /// <summary>Disposes a batch, or the tensors that a tuple or a list of them holds.</summary>
    public static void Dispose(object? batch)
    {
        switch (batch)
        {
            case IDisposable disposable:
                disposable.Dispose();
                break;
            case ITuple tuple:
                for (int i = 0; i < tuple.Length; i++)
                    Dispose(tuple[i]);
                break;
            case IEnumerable<Tensor> tensors:
                foreach (Tensor tensor in tensors)
                    tensor.Dispose();
                break;
        }
    }
}
