namespace MLOps.Tracking.SystemMetrics;

/// <summary>How many GPUs a process may use.</summary>
internal static class VisibleGpus
{
    /// <summary>Asks NVIDIA's driver, which can take a second; none where there is no driver.</summary>
    public static int Count()
    {
        using var driver = Nvml.TryOpen();
        return driver is null ? 0 : Count(driver.Count, Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES"));
    }

    /// <summary>Of the GPUs of a machine, those that a value of <c>CUDA_VISIBLE_DEVICES</c> leaves.</summary>
    /// <param name="devices">How many the driver shows.</param>
    /// <param name="visible">A list of numbers or names, of which those from the first illegal one on do not count; null when it is not set.</param>
    /// <remarks>Source: CUDA C++ Programming Guide, CUDA environment variables. An empty value, or −1, hides all.</remarks>
    public static int Count(int devices, string? visible) =>
        visible is null ? devices : Math.Min(devices, visible.Split(',', StringSplitOptions.TrimEntries).TakeWhile(name => name.Length > 0 && name[0] != '-').Count());
}
