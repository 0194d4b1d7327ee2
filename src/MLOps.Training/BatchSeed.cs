using TorchSharp;

namespace MLOps.Training;

/// <summary>
/// The seed of one batch: a hash of the training's seed and the batch's position, so that the randomness of a batch needs no state that is carried from batch to batch.
/// </summary>
internal static class BatchSeed
{
    /// <summary>The finalizer of SplitMix64 over both numbers. Source: Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators.</summary>
    public static long Of(long seed, long position)
    {
        ulong hash = Mix(unchecked((ulong)seed + 0x9E3779B97F4A7C15));
        return (long)(Mix(hash ^ unchecked((ulong)position * 0x9E3779B97F4A7C15)) >> 1);

        static ulong Mix(ulong z)
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>Seeds the generators of all devices.</summary>
    public static void Apply(long seed, long position)
    {
        // A wrapper of the CPU's generator, native memory behind a finalizer: not one for each batch.
        using torch.Generator generator = torch.manual_seed(Of(seed, position));
    }
}
