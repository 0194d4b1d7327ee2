using System.Globalization;

namespace MLOps.Server.Tests.Faults;

/// <summary>How much memory a process has in use.</summary>
internal static class ResidentBytes
{
    public static long Of(int process)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The memory of another process is read from /proc.");
        string line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
