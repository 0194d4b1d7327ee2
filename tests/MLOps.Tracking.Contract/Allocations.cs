namespace MLOps.Tracking.Contract;

/// <summary>What a piece of work allocates on its thread.</summary>
public static class Allocations
{
    private const int MostAttempts = 10;

    /// <summary>
    /// The least that the work allocates in some attempts. A garbage collection of whichever thread counts what is left of this thread's allocation buffer, up to 8 KiB, as allocated; work that
    /// allocates by itself does so in every attempt.
    /// </summary>
    /// <param name="work">Work that can be repeated.</param>
    /// <returns>The bytes that it allocated.</returns>
    public static long Of(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < MostAttempts && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
