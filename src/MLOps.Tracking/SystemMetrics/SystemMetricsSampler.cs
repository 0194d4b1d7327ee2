using Microsoft.Win32.SafeHandles;

namespace MLOps.Tracking.SystemMetrics;

/// <summary>Reads how busy machine, process and GPUs are, under MLflow's names. A megabyte is 10⁶ bytes, as there.</summary>
/// <remarks>What this platform does not tell is left out; nothing throws but the sink. Not for use by two threads at once.</remarks>
internal sealed class SystemMetricsSampler : IDisposable
{
    public const double Megabyte = 1e6;
    private const int BufferSize = 16 * 1024;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly Nvml? _gpus;
    private readonly IReadOnlyList<string> _controlGroups;
    private readonly byte[] _buffer = new byte[BufferSize];
    private long _sampledAt;
    private TimeSpan _processTime;
    private CpuTimes? _machineTime;

    /// <summary>Takes the first reading of the processor times, from which the first sample counts.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="folder">A folder on the disk to watch; it need not exist yet.</param>
    public SystemMetricsSampler(TimeProvider time, string folder)
        : this(time, folder, Nvml.TryOpen())
    {
    }

    internal SystemMetricsSampler(TimeProvider time, string folder, Nvml? gpus)
    {
        (_time, _folder, _gpus) = (time, Path.GetFullPath(folder), gpus);
        _controlGroups = OperatingSystem.IsLinux() ? ControlGroup.FoldersOf(TextOf("/proc/self/cgroup"), TextOf("/proc/self/mounts")) : [];
        _sampledAt = time.GetTimestamp();
        _processTime = ProcessTime();
        _machineTime = MachineTime();
    }

    /// <summary>Hands over one value for each key; percentages of processors are since the sample before.</summary>
    /// <param name="sink">Takes key and value.</param>
    public void Sample(Action<string, double> sink)
    {
        SampleCpu(sink);
        sink("system/process_memory_megabytes", Environment.WorkingSet / Megabyte);
        if (Memory() is { } memory)
        {
            sink("system/system_memory_usage_megabytes", memory.Used / Megabyte);
            sink("system/system_memory_usage_percentage", memory.Percent);
        }

        SampleDisk(sink);
        _gpus?.Sample(sink);
    }

    public void Dispose() => _gpus?.Dispose();

    // The process: 100 is one processor, so that four busy ones are 400. The machine: 100 is all of them.
    private void SampleCpu(Action<string, double> sink)
    {
        long now = _time.GetTimestamp();
        TimeSpan processTime = ProcessTime(), elapsed = _time.GetElapsedTime(_sampledAt, now);
        if (elapsed > TimeSpan.Zero)
        {
            sink("system/process_cpu_percentage", 100 * (processTime - _processTime) / elapsed);
            (_sampledAt, _processTime) = (now, processTime);
        }

        CpuTimes? machineTime = MachineTime();
        if (machineTime is { } current && _machineTime is { } earlier && current.PercentSince(earlier) is { } percent)
            sink("system/cpu_utilization_percentage", percent);
        _machineTime = machineTime;
    }

    private void SampleDisk(Action<string, double> sink)
    {
        try
        {
            string? existing = _folder;
            while (existing is not null && !Directory.Exists(existing))
                existing = Path.GetDirectoryName(existing);
            if (existing is null)
                return;
            DriveInfo disk = new(existing);
            double used = disk.TotalSize - disk.TotalFreeSpace, available = disk.AvailableFreeSpace;
            if (used + available <= 0)
                return;
            // As df and psutil count: what is kept back for root is neither used nor available.
            sink("system/disk_usage_percentage", 100 * used / (used + available));
            sink("system/disk_usage_megabytes", used / Megabyte);
            sink("system/disk_available_megabytes", available / Megabyte);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A disk that went away; it may be back with the next sample.
        }
    }

    private MemoryUse? Memory()
    {
        if (!OperatingSystem.IsLinux())
        {
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            return info is { TotalAvailableMemoryBytes: > 0, MemoryLoadBytes: > 0 } ? new(info.MemoryLoadBytes, info.TotalAvailableMemoryBytes) : null;
        }

        MemoryUse? machine = MemoryUse.ParseMemInfo(Read("/proc/meminfo", _buffer));
        MemoryUse? tightest = machine;
        foreach (string folder in _controlGroups)
        {
            if (GroupMemory(folder) is { } group && (tightest is null || group.Total < tightest.Value.Total))
                tightest = group;
        }

        return tightest;
    }

    private MemoryUse? GroupMemory(string folder)
    {
        Span<byte> max = stackalloc byte[32], current = stackalloc byte[32];
        ReadOnlySpan<byte> limit = Read(folder + "/memory.max", max);
        return limit.IsEmpty || limit[0] == (byte)'m'
            ? null
            : MemoryUse.ParseControlGroup(limit, Read(folder + "/memory.current", current), Read(folder + "/memory.stat", _buffer));
    }

    private CpuTimes? MachineTime() => OperatingSystem.IsLinux() ? CpuTimes.Parse(Read("/proc/stat", _buffer)) : null;

    private static TimeSpan ProcessTime() => Environment.CpuUsage.TotalTime;

    private static string TextOf(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static ReadOnlySpan<byte> Read(string file, Span<byte> buffer)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(file);
            return buffer[..RandomAccess.Read(handle, buffer, fileOffset: 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
