using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MLOps.Benchmarks;

/// <summary>What the figures were measured on, and the physical limits that they stand beside.</summary>
internal static class Machine
{
    public static void PrintFacts(BenchmarkOptions options)
    {
        Figure.Print("machine", "cpu", CpuModel(), "name");
        Figure.Print("machine", "logical_cores", Environment.ProcessorCount, "cores");
        Figure.Print("machine", "memory", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30), "GiB");
        Figure.Print("machine", "os", RuntimeInformation.OSDescription, "name");
        Figure.Print("machine", "runtime", RuntimeInformation.FrameworkDescription, "name");
        Figure.Print("machine", "file_system", FileSystemOf(options.Folder), "name");
    }

    public static void PrintLimits(BenchmarkOptions options)
    {
        Figure.Print("physical-limit", "clock_grain_ns", ClockGrain(), "ns");
        Figure.Print("physical-limit", "copy_48_bytes_ns", CopyOf48Bytes(), "ns");
        using ScratchFolder folder = options.NewFolder();
        string file = Path.Combine(folder.Path, "limit");
        Figure.Print("physical-limit", "disk_write_mb_per_s", SequentialWrite(file, options.Quick ? 64 : 256), "MB/s");
        Figure.Print("physical-limit", "fsync_ms", Sync(file), "ms");
    }

    private static string CpuModel() =>
        (File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null)
            ?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string FileSystemOf(string folder) =>
        DriveInfo.GetDrives()
            .Where(drive => Path.GetFullPath(folder).StartsWith(drive.RootDirectory.FullName, StringComparison.Ordinal))
            .MaxBy(drive => drive.RootDirectory.FullName.Length)?.DriveFormat ?? "unknown";

    /// <summary>The smallest step that the clock shows, which is also the least that a measured call can cost.</summary>
    private static double ClockGrain()
    {
        long smallest = long.MaxValue;
        for (int i = 0; i < 100_000; i++)
        {
            long start = Stopwatch.GetTimestamp(), end = Stopwatch.GetTimestamp();
            if (end > start)
                smallest = Math.Min(smallest, end - start);
        }

        return smallest * 1e9 / Stopwatch.Frequency;
    }

    /// <summary>Copies records of 48 bytes, one after the other, through 64 MiB: what a log call cannot be cheaper than.</summary>
    private static double CopyOf48Bytes()
    {
        byte[] record = new byte[48], log = new byte[64 << 20];
        double best = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long start = Stopwatch.GetTimestamp();
            int at = 0;
            for (; at + record.Length <= log.Length; at += record.Length)
                record.AsSpan().CopyTo(log.AsSpan(at));
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / (at / record.Length));
        }

        return best;
    }

    private static double SequentialWrite(string file, int mebibytes)
    {
        byte[] block = new byte[1 << 20];
        new Random(1).NextBytes(block);
        using FileStream stream = new(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < mebibytes; i++)
            stream.Write(block);
        stream.Flush(flushToDisk: true);
        return mebibytes * 1.048576 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The median of appending 4 KiB and waiting until it is on the disk.</summary>
    private static double Sync(string file)
    {
        byte[] page = new byte[4096];
        using FileStream stream = new(file, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        double[] trials = new double[51];
        foreach (ref double trial in trials.AsSpan())
        {
            long start = Stopwatch.GetTimestamp();
            stream.Write(page);
            stream.Flush(flushToDisk: true);
            trial = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(trials);
        return trials[trials.Length / 2];
    }
}
