namespace MLOps.AzureBlobs;

/// <summary>How large the parts of an upload are, so that the service's 50,000 blocks suffice.</summary>
internal static class PartSizes
{
    /// <summary>How many blocks a blob has at most.</summary>
    public const int MostParts = 50_000;

    /// <summary>The largest part that is cut: the service takes 4,000 MiB, but a part is one array here.</summary>
    public const int MostBytes = 2000 << 20;

    private const int Reserve = MostParts / 10;

    /// <summary>The size of a part by its number.</summary>
    /// <param name="sizeBytes">How many bytes all have; null when that is not known. What is longer than was said is cut into parts that grow.</param>
    /// <param name="least">The size that was asked for.</param>
    public static Func<int, int> For(long? sizeBytes, int least)
    {
        if (sizeBytes is not { } size)
            return number => Doubled(least, number / Reserve);
        long needed = size / (MostParts - Reserve) + 1;
        // Whole MiB, so that content that has grown a little is still cut where it was cut before.
        int part = needed <= least ? least : (int)Math.Min((needed + (1 << 20) - 1) >> 20 << 20, MostBytes);
        long parts = size / part + 1;
        return number => number < parts ? part : Doubled(part, 1 + (number - parts) / (Reserve / 10));
    }

    private static int Doubled(int size, long times) => (int)Math.Min((long)size << (int)Math.Min(times, 20), MostBytes);
}
