using System.Diagnostics;
using System.Globalization;
using MLOps.Tracking.Artifacts;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The memory that a large transfer takes, in a process that does nothing else: neither the bare client, the generator nor the proxy is in it.</summary>
/// <remarks>
/// Idle is the resident set after a small transfer, which loads the code, and a full collection. Then Linux is told to forget the peak of the resident set (5 to <c>/proc/self/clear_refs</c>),
/// the file goes up and down, and the peak (<c>VmHWM</c>) is read. So no moment is missed, and the pages of the files are not counted, for they are the system's.
/// </remarks>
internal static class ArtifactsPeak
{
    /// <returns>MiB.</returns>
    public static async Task<double> MeasureAsync(IArtifactsClient client, string file, string copy)
    {
        using Process child = ChildProcess.StartSelf(["child", ArtifactsScenario.Name, file, copy, .. client.Arguments]);
        double peak = double.Parse(await child.ReadLineAsync(), CultureInfo.InvariantCulture);
        await child.WaitForExitAsync();
        File.Delete(copy);
        return peak;
    }

    public static async Task<int> RunChildAsync(string file, string copy, string[] place)
    {
        using IArtifactsClient client = IArtifactsClient.Open(place);
        string name = $"peak-{Guid.NewGuid():N}";
        ArtifactFolder artifacts = new(client.Store, client.LocationOf(name), TimeProvider.System);
        await artifacts.UploadAsync(new ArtifactPath("small"), new MemoryStream(new byte[4096]));
        await artifacts.DownloadAsync(new ArtifactPath("small"), copy);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        await File.WriteAllTextAsync("/proc/self/clear_refs", "5");
        long idle = Kibibytes("VmRSS");
        await artifacts.UploadFilesAsync([new ArtifactUpload(new ArtifactPath("large"), file)]);
        await artifacts.DownloadAsync(new ArtifactPath("large"), copy);
        long peak = Kibibytes("VmHWM");
        await client.Store.DeletePrefixAsync(client.LocationOf(name), "", default);
        Console.WriteLine(((peak - idle) / 1024.0).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static long Kibibytes(string entry)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(entry + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture);
    }
}
