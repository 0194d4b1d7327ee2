using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>The raw bytes of a tensor, row by row, from and to streams.</summary>
internal static class TensorContent
{
    // Small enough to lie in the cache between a copy and a hash, large enough for the system calls not to count.
    private const int Piece = 1 << 20;

    /// <summary>Writes the elements of a tensor, wherever and however it lies.</summary>
    public static async ValueTask WriteAsync(Stream stream, Tensor tensor, CancellationToken cancellationToken)
    {
        ThrowUnlessLittleEndian();
        using Tensor plain = Plain(tensor);
        long bytes = plain.numel() * plain.ElementSize;
        nint begin = bytes == 0 ? 0 : NativeTensor.DataOf(plain);
        for (long at = 0; at < bytes; at += Piece)
        {
            using NativeBytes piece = new(begin + (nint)at, (int)Math.Min(Piece, bytes - at));
            await stream.WriteAsync(piece.Memory, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads a tensor to the CPU, in no dispose scope.</summary>
    /// <exception cref="ModelFileException">The stream ends before.</exception>
    public static async ValueTask<Tensor> ReadAsync(Stream stream, ScalarType type, long[] shape, string file, string entry, CancellationToken cancellationToken)
    {
        ThrowUnlessLittleEndian();
        Tensor tensor = empty(shape, type, CPU).DetachFromDisposeScope();
        try
        {
            long bytes = tensor.numel() * tensor.ElementSize;
            nint begin = bytes == 0 ? 0 : NativeTensor.DataOf(tensor);
            for (long at = 0; at < bytes;)
            {
                using NativeBytes piece = new(begin + (nint)at, (int)Math.Min(Piece, bytes - at));
                int read = await stream.ReadAsync(piece.Memory, cancellationToken).ConfigureAwait(false);
                at += read > 0 ? read : throw new ModelFileException(file, entry, $"is cut off: {at} of its {bytes} bytes are there.");
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static Tensor Plain(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        // An alias where it is plain already, so that disposing it never takes the caller's.
        return tensor.detach().cpu().contiguous().DetachFromDisposeScope();
    }

    private static void ThrowUnlessLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Files of tensors are little-endian, and this machine is not.");
    }
}
