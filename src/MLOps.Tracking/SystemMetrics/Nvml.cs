using System.Runtime.InteropServices;

namespace MLOps.Tracking.SystemMetrics;

/// <summary>The few functions of NVIDIA's management library (NVML, part of the driver) that say how busy the GPUs are.</summary>
/// <remarks>Source: NVML API Reference Guide, nvml.h. Units there: percent, bytes, milliwatts, degrees Celsius. A figure that a device does not give (for example utilisation under MIG) is left out.</remarks>
internal sealed unsafe class Nvml : IDisposable
{
    private const int Success = 0, TemperatureOfGpu = 0;
    private readonly delegate* unmanaged<int> _shutdown;
    private readonly delegate* unmanaged<nint, Utilization*, int> _getUtilization;
    private readonly delegate* unmanaged<nint, Memory*, int> _getMemory;
    private readonly delegate* unmanaged<nint, uint*, int> _getPower;
    private readonly delegate* unmanaged<nint, int, uint*, int> _getTemperature;
    private readonly Device[] _devices = [];
    private bool _closed;

    private Nvml(Func<string, nint> function)
    {
        _shutdown = (delegate* unmanaged<int>)function("nvmlShutdown");
        _getUtilization = (delegate* unmanaged<nint, Utilization*, int>)function("nvmlDeviceGetUtilizationRates");
        _getMemory = (delegate* unmanaged<nint, Memory*, int>)function("nvmlDeviceGetMemoryInfo");
        _getPower = (delegate* unmanaged<nint, uint*, int>)function("nvmlDeviceGetPowerUsage");
        _getTemperature = (delegate* unmanaged<nint, int, uint*, int>)function("nvmlDeviceGetTemperature");
        var getCount = (delegate* unmanaged<uint*, int>)function("nvmlDeviceGetCount_v2");
        var getHandle = (delegate* unmanaged<uint, nint*, int>)function("nvmlDeviceGetHandleByIndex_v2");
        uint count = 0;
        if (getCount is null || getHandle is null || getCount(&count) != Success)
            return;
        List<Device> devices = [];
        for (uint i = 0; i < count; i++)
        {
            nint handle;
            if (getHandle(i, &handle) == Success)
                devices.Add(new(handle, i));
        }

        _devices = [.. devices];
    }

    /// <summary>How many GPUs the driver shows.</summary>
    public int Count => _devices.Length;

    /// <summary>Opens the library of this machine's driver.</summary>
    /// <returns>Null where there is no driver, or it does not start.</returns>
    public static Nvml? TryOpen()
    {
        string name = OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";
        if (!NativeLibrary.TryLoad(name, typeof(Nvml).Assembly, DllImportSearchPath.System32, out nint library))
            return null;
        return TryOpen(function => NativeLibrary.TryGetExport(library, function, out nint address) ? address : 0);
    }

    /// <summary>Opens a library by the addresses of its functions; 0 stands for one that it lacks.</summary>
    public static Nvml? TryOpen(Func<string, nint> function)
    {
        var init = (delegate* unmanaged<int>)function("nvmlInit_v2");
        return init is not null && init() == Success ? new(function) : null;
    }

    /// <summary>Hands over the figures of all GPUs.</summary>
    public void Sample(Action<string, double> sink)
    {
        foreach (Device device in _devices)
        {
            Utilization utilization;
            if (_getUtilization is not null && _getUtilization(device.Handle, &utilization) == Success)
                sink(device.UtilizationKey, utilization.Gpu);
            Memory memory;
            if (_getMemory is not null && _getMemory(device.Handle, &memory) == Success && memory.Total > 0)
            {
                sink(device.MemoryKey, memory.Used / SystemMetricsSampler.Megabyte);
                sink(device.MemoryPercentKey, 100.0 * memory.Used / memory.Total);
            }

            uint milliwatts;
            if (_getPower is not null && _getPower(device.Handle, &milliwatts) == Success)
                sink(device.PowerKey, milliwatts / 1000.0);
            uint celsius;
            if (_getTemperature is not null && _getTemperature(device.Handle, TemperatureOfGpu, &celsius) == Success)
                sink(device.TemperatureKey, celsius);
        }
    }

    public void Dispose()
    {
        if (!_closed && _shutdown is not null)
            _ = _shutdown();
        _closed = true;
    }

    /// <summary>The form of <c>nvmlUtilization_t</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Utilization
    {
        public uint Gpu;
        public uint MemoryBandwidth;
    }

    /// <summary>The form of <c>nvmlMemory_t</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }

    // The names are made once, not with every sample.
    private sealed class Device(nint handle, uint index)
    {
        public nint Handle { get; } = handle;

        public string UtilizationKey { get; } = $"system/gpu_{index}_utilization_percentage";

        public string MemoryKey { get; } = $"system/gpu_{index}_memory_usage_megabytes";

        public string MemoryPercentKey { get; } = $"system/gpu_{index}_memory_usage_percentage";

        public string PowerKey { get; } = $"system/gpu_{index}_power_usage_watts";

        public string TemperatureKey { get; } = $"system/gpu_{index}_temperature_celsius";
    }
}
