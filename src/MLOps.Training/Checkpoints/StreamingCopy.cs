using System.Runtime.Intrinsics;

namespace MLOps.Training.Checkpoints;

/// <summary>
/// Copies memory that will not be read again soon, past the caches: a plain store would first read each line that it overwrites. The C library does so from a size on that many tensors do not reach (by default
/// three quarters of the shared cache), and so copies a state tensor by tensor half as fast as in one piece.
/// </summary>
internal static unsafe class StreamingCopy
{
    private const int Line = 64, Smallest = 64 * 1024;

    /// <summary>Copies bytes. Call <see cref="Thread.MemoryBarrier"/> after the last copy, before another thread is told of it.</summary>
    public static void Copy(nint from, nint to, long bytes)
    {
        byte* source = (byte*)from, target = (byte*)to;
        if (bytes < Smallest || !Vector128.IsHardwareAccelerated)
        {
            Buffer.MemoryCopy(source, target, bytes, bytes);
            return;
        }

        long head = -to & (Line - 1), body = (bytes - head) & ~(2L * Line - 1);
        Buffer.MemoryCopy(source, target, head, head);
        source += head;
        target += head;
        for (byte* end = source + body; source < end; source += 2 * Line, target += 2 * Line)
        {
            Vector256<byte> a = Vector256.Load(source), b = Vector256.Load(source + 32), c = Vector256.Load(source + 64), d = Vector256.Load(source + 96);
            a.StoreAlignedNonTemporal(target);
            b.StoreAlignedNonTemporal(target + 32);
            c.StoreAlignedNonTemporal(target + 64);
            d.StoreAlignedNonTemporal(target + 96);
        }

        Buffer.MemoryCopy(source, target, bytes - head - body, bytes - head - body);
    }
}
