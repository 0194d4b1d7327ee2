using System.Runtime.InteropServices;
using MLOps.Tracking.SystemMetrics;
using Xunit;

namespace MLOps.Tracking.Tests.SystemMetrics;

/// <summary>A made-up driver with three devices: the first gives all figures, the second cannot be opened, the third gives memory alone, as a partitioned GPU does.</summary>
public sealed unsafe class NvmlTests
{
    private const int NotSupported = 3, Unknown = 999;
    private static int s_open;

    [Fact]
    public void The_figures_of_each_gpu_come_under_its_index_in_mlflows_units()
    {
        Dictionary<string, double> sample = [];
        using (Nvml gpus = Nvml.TryOpen(FunctionOf)!)
            gpus.Sample(sample.Add);
        Assert.Equal(
            new Dictionary<string, double>
            {
                ["system/gpu_0_utilization_percentage"] = 87,
                ["system/gpu_0_memory_usage_megabytes"] = 20_000,
                ["system/gpu_0_memory_usage_percentage"] = 25,
                ["system/gpu_0_power_usage_watts"] = 312.5,
                ["system/gpu_0_temperature_celsius"] = 61,
                ["system/gpu_2_memory_usage_megabytes"] = 20_000,
                ["system/gpu_2_memory_usage_percentage"] = 25,
            },
            sample);
        Assert.Equal(0, s_open);
    }

    [Fact]
    public void The_gpus_are_those_that_can_be_opened()
    {
        using Nvml gpus = Nvml.TryOpen(FunctionOf)!;
        Assert.Equal(2, gpus.Count);
    }

    [Theory]
    [InlineData(8, null, 8)]
    [InlineData(8, "", 0)]
    [InlineData(8, "-1", 0)]
    [InlineData(8, "3", 1)]
    [InlineData(8, "0, 1,5", 3)]
    [InlineData(8, "0,-1,1", 1)]
    [InlineData(8, "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6,GPU-1", 2)]
    [InlineData(1, "0,1,2,3", 1)]
    [InlineData(0, "0", 0)]
    public void Of_the_gpus_of_a_machine_those_count_that_the_process_may_see(int devices, string? visible, int expected) =>
        Assert.Equal(expected, VisibleGpus.Count(devices, visible));

    [Theory]
    [InlineData("nvmlDeviceGetCount_v2")]
    [InlineData("nvmlDeviceGetHandleByIndex_v2")]
    public void A_driver_that_lacks_what_finds_the_devices_gives_nothing(string missing)
    {
        using Nvml gpus = Nvml.TryOpen(name => name == missing ? 0 : FunctionOf(name))!;
        gpus.Sample((key, _) => Assert.Fail(key));
    }

    [Fact]
    public void A_driver_that_lacks_one_figure_gives_the_others()
    {
        List<string> keys = [];
        using Nvml gpus = Nvml.TryOpen(name => name == "nvmlDeviceGetPowerUsage" ? 0 : FunctionOf(name))!;
        gpus.Sample((key, _) => keys.Add(key));
        Assert.Contains("system/gpu_0_temperature_celsius", keys);
        Assert.DoesNotContain("system/gpu_0_power_usage_watts", keys);
    }

    [Fact]
    public void A_driver_that_does_not_start_is_none() =>
        Assert.Null(Nvml.TryOpen(name => name == "nvmlInit_v2" ? (nint)(delegate* unmanaged<int>)&Fail : FunctionOf(name)));

    private static nint FunctionOf(string name) => name switch
    {
        "nvmlInit_v2" => (nint)(delegate* unmanaged<int>)&Init,
        "nvmlShutdown" => (nint)(delegate* unmanaged<int>)&Shutdown,
        "nvmlDeviceGetCount_v2" => (nint)(delegate* unmanaged<uint*, int>)&GetCount,
        "nvmlDeviceGetHandleByIndex_v2" => (nint)(delegate* unmanaged<uint, nint*, int>)&GetHandle,
        "nvmlDeviceGetUtilizationRates" => (nint)(delegate* unmanaged<nint, Nvml.Utilization*, int>)&GetUtilization,
        "nvmlDeviceGetMemoryInfo" => (nint)(delegate* unmanaged<nint, Nvml.Memory*, int>)&GetMemory,
        "nvmlDeviceGetPowerUsage" => (nint)(delegate* unmanaged<nint, uint*, int>)&GetPower,
        "nvmlDeviceGetTemperature" => (nint)(delegate* unmanaged<nint, int, uint*, int>)&GetTemperature,
        _ => 0,
    };

    [UnmanagedCallersOnly]
    private static int Init()
    {
        s_open++;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Fail() => Unknown;

    [UnmanagedCallersOnly]
    private static int Shutdown()
    {
        s_open--;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GetCount(uint* count)
    {
        *count = 3;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GetHandle(uint index, nint* handle)
    {
        *handle = 100 + (nint)index;
        return index == 1 ? Unknown : 0;
    }

    [UnmanagedCallersOnly]
    private static int GetUtilization(nint device, Nvml.Utilization* utilization)
    {
        *utilization = new() { Gpu = 87, MemoryBandwidth = 12 };
        return FullFigures(device);
    }

    [UnmanagedCallersOnly]
    private static int GetMemory(nint device, Nvml.Memory* memory)
    {
        *memory = new() { Total = 80_000_000_000, Free = 60_000_000_000, Used = 20_000_000_000 };
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GetPower(nint device, uint* milliwatts)
    {
        *milliwatts = 312_500;
        return FullFigures(device);
    }

    [UnmanagedCallersOnly]
    private static int GetTemperature(nint device, int sensor, uint* celsius)
    {
        *celsius = sensor == 0 ? 61u : 0;
        return FullFigures(device);
    }

    private static int FullFigures(nint device) => device == 100 ? 0 : NotSupported;
}
