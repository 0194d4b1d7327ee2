using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// The format of TorchSharp's <c>module.save</c>: the number of entries, and for each its name, type, number of dimensions, sizes and bytes; numbers and the length of names as unsigned LEB128.
/// Source: github.com/dotnet/TorchSharp, Module.save and TensorExtensionMethods.Save.
/// </summary>
internal static class TorchSharpFile
{
    private const int MaxNameBytes = 64 * 1024, MaxDimensions = 64;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static async ValueTask WriteAsync(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, CancellationToken cancellationToken)
    {
        await WriteNumberAsync(stream, tensors.Count, cancellationToken).ConfigureAwait(false);
        foreach ((string name, Tensor tensor) in tensors)
        {
            byte[] text = s_strict.GetBytes(name);
            await WriteNumberAsync(stream, text.Length, cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(text, cancellationToken).ConfigureAwait(false);
            await WriteNumberAsync(stream, (long)tensor.dtype, cancellationToken).ConfigureAwait(false);
            await WriteNumberAsync(stream, tensor.shape.Length, cancellationToken).ConfigureAwait(false);
            foreach (long size in tensor.shape)
                await WriteNumberAsync(stream, size, cancellationToken).ConfigureAwait(false);
            await TensorContent.WriteAsync(stream, tensor, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads all tensors, to the CPU. They belong to no dispose scope: the caller disposes them.</summary>
    /// <exception cref="ModelFileException">It breaks a rule of the format. No tensor is left then.</exception>
    public static async ValueTask<Dictionary<string, Tensor>> ReadAsync(Stream stream, long length, string file, CancellationToken cancellationToken)
    {
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        try
        {
            long left = length;
            string? entry = null;
            long count = await NumberAsync().ConfigureAwait(false);
            for (long i = 0; i < count; i++)
            {
                entry = null;
                long nameBytes = await NumberAsync().ConfigureAwait(false);
                if (nameBytes > Math.Min(left, MaxNameBytes))
                    throw new ModelFileException(file, null, $"entry {i} claims a name of {nameBytes} bytes: this is no file of TorchSharp's module.save.");
                byte[] text = new byte[nameBytes];
                left -= nameBytes;
                if (await stream.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < text.Length)
                    throw new ModelFileException(file, null, $"it ends within the name of entry {i}.");
                try
                {
                    entry = s_strict.GetString(text);
                }
                catch (ArgumentException error)
                {
                    throw new ModelFileException(file, null, $"the name of entry {i} is not UTF-8.", error);
                }

                long type = await NumberAsync().ConfigureAwait(false);
                if (type > sbyte.MaxValue || !SafetensorsType.IsKnown((ScalarType)type))
                    throw new ModelFileException(file, entry, $"has elements of type number {type}, which can't be loaded.");
                long dimensions = await NumberAsync().ConfigureAwait(false);
                if (dimensions > MaxDimensions)
                    throw new ModelFileException(file, entry, $"claims {dimensions} dimensions.");
                long[] shape = new long[dimensions];
                for (int d = 0; d < shape.Length; d++)
                    shape[d] = await NumberAsync().ConfigureAwait(false);
                if (SafetensorsEntry.Measure((ScalarType)type, shape) is not { } bytes || bytes > left)
                    throw new ModelFileException(file, entry, $"claims more bytes than the {left} that follow.");
                if (tensors.ContainsKey(entry))
                    throw new ModelFileException(file, entry, "is there twice.");
                tensors.Add(entry, await TensorContent.ReadAsync(stream, (ScalarType)type, shape, file, entry, cancellationToken).ConfigureAwait(false));
                left -= bytes;
            }

            return left == 0 ? tensors : throw new ModelFileException(file, null, $"it goes on for {left} bytes after its last entry.");

            async ValueTask<long> NumberAsync()
            {
                byte[] one = new byte[1];
                long number = 0;
                for (int shift = 0; shift < 63; shift += 7)
                {
                    if (await stream.ReadAsync(one, cancellationToken).ConfigureAwait(false) == 0)
                        throw new ModelFileException(file, entry, entry is null ? "it ends where an entry should be." : "is cut off before its bytes.");
                    left--;
                    number |= (long)(one[0] & 0x7F) << shift;
                    if ((one[0] & 0x80) == 0)
                        return number;
                }

                throw new ModelFileException(file, entry, "a number in it has more than 63 bits: this is no file of TorchSharp's module.save.");
            }
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values)
                tensor.Dispose();
            throw;
        }
    }

    private static ValueTask WriteNumberAsync(Stream stream, long number, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[9];
        int length = 0;
        do
        {
            bytes[length++] = (byte)(number > 0x7F ? number | 0x80 : number);
            number >>= 7;
        }
        while (number > 0);
        return stream.WriteAsync(bytes.AsMemory(0, length), cancellationToken);
    }
}
