using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.SystemMetrics;
using Xunit;

namespace MLOps.Tracking.Tests.SystemMetrics;

public sealed class SystemMetricsSamplerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_sample_has_the_figures_of_process_memory_and_disk_and_each_key_once()
    {
        using SystemMetricsSampler sampler = new(_time, Path.GetTempPath(), gpus: null);
        _time.Advance(TimeSpan.FromSeconds(10));
        Dictionary<string, double> sample = Sample(sampler);
        Assert.All(sample, pair => Assert.True(double.IsFinite(pair.Value) && pair.Value >= 0, pair.Key));
        Assert.All(sample.Keys, key => Assert.Null(Limits.KeyError(key)));
        Assert.Contains("system/process_cpu_percentage", sample.Keys);
        Assert.InRange(sample["system/process_memory_megabytes"], 1, 1e6);
        Assert.InRange(sample["system/system_memory_usage_percentage"], 0.001, 100);
        Assert.True(sample["system/system_memory_usage_megabytes"] > 1);
        Assert.InRange(sample["system/disk_usage_percentage"], 0, 100);
        DriveInfo disk = new(Path.GetTempPath());
        Assert.InRange(sample["system/disk_usage_megabytes"] + sample["system/disk_available_megabytes"], 1, disk.TotalSize / 1e6 * 1.01);
    }

    [Fact]
    public void The_processs_share_of_a_processor_is_that_since_the_sample_before()
    {
        using SystemMetricsSampler sampler = new(_time, Path.GetTempPath(), gpus: null);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        double x = 1;
        while (Environment.CpuUsage.TotalTime - before < TimeSpan.FromMilliseconds(50))
            x = Math.Sqrt(x + 1);
        Assert.True(x > 0);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(Sample(sampler)["system/process_cpu_percentage"] >= 50);
        Assert.DoesNotContain("system/process_cpu_percentage", Sample(sampler).Keys);
    }

    [Fact]
    public void A_folder_that_does_not_exist_yet_stands_for_the_disk_that_it_will_be_on()
    {
        using SystemMetricsSampler sampler = new(_time, Path.Join(Path.GetTempPath(), "not", "yet", "there"), gpus: null);
        Assert.Contains("system/disk_usage_percentage", Sample(sampler).Keys);
    }

    [Fact]
    public void A_machine_without_a_driver_has_no_figures_of_gpus()
    {
        using Nvml? gpus = Nvml.TryOpen(_ => 0);
        Assert.Null(gpus);
        using SystemMetricsSampler sampler = new(_time, Path.GetTempPath(), gpus);
        Assert.DoesNotContain(Sample(sampler).Keys, key => key.Contains("gpu", StringComparison.Ordinal));
    }

    private static Dictionary<string, double> Sample(SystemMetricsSampler sampler)
    {
        Dictionary<string, double> sample = [];
        sampler.Sample(sample.Add);
        return sample;
    }
}
