using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements, one of <see cref="SafetensorsType"/>.</param>
/// <param name="Shape">Its shape; empty for a single number.</param>
/// <param name="Begin">Where its bytes begin, from the end of the header.</param>
/// <param name="End">Where they end.</param>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, long[] Shape, long Begin, long End)
{
    public long Bytes => End - Begin;

    /// <summary>How many bytes a shape takes; null when more than a 64-bit number tells.</summary>
    public static long? Measure(ScalarType type, ReadOnlySpan<long> shape)
    {
        long bytes = SafetensorsType.SizeOf(type);
        foreach (long size in shape)
        {
            try
            {
                bytes = checked(bytes * size);
            }
            catch (OverflowException)
            {
                return null;
            }
        }

        return bytes;
    }
}
