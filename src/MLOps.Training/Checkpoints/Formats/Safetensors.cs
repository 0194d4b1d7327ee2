using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>Reads and writes safetensors, forward only and straight from and to the memory of tensors, however large.</summary>
internal static class Safetensors
{
    /// <summary>Writes tensors.</summary>
    /// <exception cref="ArgumentException">A name or a type is none of safetensors.</exception>
    public static async ValueTask WriteAsync(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        SafetensorsHeader header = SafetensorsHeader.Of(tensors.Select(pair => (pair.Key, pair.Value.dtype, pair.Value.shape)), metadata);
        await stream.WriteAsync(header.ToBytes(), cancellationToken).ConfigureAwait(false);
        foreach (SafetensorsEntry entry in header.Entries)
            await TensorContent.WriteAsync(stream, tensors[entry.Name], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads all tensors, to the CPU. They belong to no dispose scope: the caller disposes them.</summary>
    /// <param name="stream">Stands at the beginning.</param>
    /// <param name="length">How long the whole is, as its file or store says.</param>
    /// <param name="file">What to call it in an error.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ModelFileException">It breaks a rule of the format. No tensor is left then.</exception>
    public static async ValueTask<Dictionary<string, Tensor>> ReadAsync(Stream stream, long length, string file, CancellationToken cancellationToken)
    {
        SafetensorsHeader header = await SafetensorsHeader.ReadAsync(stream, length, file, cancellationToken).ConfigureAwait(false);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        try
        {
            foreach (SafetensorsEntry entry in header.Entries)
                tensors.Add(entry.Name, await TensorContent.ReadAsync(stream, entry.Type, entry.Shape, file, entry.Name, cancellationToken).ConfigureAwait(false));
            return await stream.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) == 0
                ? tensors
                : throw new ModelFileException(file, null, "it goes on after its last tensor.");
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values)
                tensor.Dispose();
            throw;
        }
    }
}
