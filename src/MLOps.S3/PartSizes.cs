namespace MLOps.S3;

/// <summary>How large the parts of an object are, so that 10,000 of them hold it whatever its size.</summary>
/// <param name="partSize">The size that is wished for.</param>
/// <param name="sizeBytes">The object's size where it is known; it may turn out larger.</param>
internal sealed class PartSizes(int partSize, long? sizeBytes)
{
    public const int MaxParts = 10_000;

    /// <summary>What an array can hold, in whole MiB; the service's own limit is 5 GiB.</summary>
    public const int Largest = 2047 << 20;

    private const int MiB = 1 << 20;

    // A tenth of the parts stays for content that is longer than it was said to be.
    private const int Planned = MaxParts - (MaxParts / 10);

    private readonly int _first = sizeBytes is { } size ? (int)Math.Min(Math.Max(partSize, RoundedUp(size / Planned)), Largest) : partSize;

    /// <summary>The size of a part by its number, from 0.</summary>
    public int SizeOf(int number)
    {
        // Even from 5 MiB, doubling every 900 parts comes to more than 5 TiB.
        long planned = sizeBytes is { } size ? (size + _first - 1) / _first : 0;
        int doublings = sizeBytes is null ? number / 900 : number < planned ? 0 : (int)((number - planned) / 100);
        return (int)Math.Min((long)_first << Math.Min(doublings, 12), Largest);
    }

    private static long RoundedUp(long bytes) => ((bytes / MiB) + 1) * MiB;
}
