using System.Diagnostics;
using System.Globalization;
using MLOps.RealServers;
using MLOps.Tracking.Artifacts;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>
/// One large file and many small ones, up and down through <see cref="ArtifactFolder"/>, which hashes, writes manifests and verifies, beside the bare client of the same store, which does not.
/// </summary>
/// <remarks>
/// Large: the same parts, as many at once. Small: 16 files at once beside one after the other, through a proxy that adds 10 ms to each request as a network would, and without it.
/// Of each pair the order alternates, the names are new, and the ratio is that of the least times: on a shared machine the same code takes up to three times as long. Memory is that of a process of its own, which does nothing but our transfers: see <see cref="ArtifactsPeak"/>.
/// </remarks>
internal static class ArtifactsScenario
{
    public const string Name = "artifacts";
    private const int SmallBytes = 4096;
    private static readonly TimeSpan NetworkDelay = TimeSpan.FromMilliseconds(10);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int mebibytes = options.Quick ? 64 : 512, files = options.Quick ? 200 : 2000;
        int largeTrials = options.Trials ?? 2, smallTrials = options.Trials ?? 1;
        Figure.Print(Name, "large", mebibytes, "MiB");
        Figure.Print(Name, "small", files, "files of 4 KiB");
        using ScratchFolder folder = options.NewFolder();
        Random random = new(options.Seed);
        string large = Path.Combine(folder.Path, "large");
        WriteNoise(large, (long)mebibytes << 20, random);
        string small = Directory.CreateDirectory(Path.Combine(folder.Path, "small")).FullName;
        for (int i = 0; i < files; i++)
            WriteNoise(Path.Combine(small, $"{i:D4}.bin"), SmallBytes, random);

        using ArtifactsLocalClient local = new(folder.Path);
        double peak = await MeasureLargeAsync("local", local, large, largeTrials * 3, folder);
        foreach (string name in ArtifactsServer.Names)
        {
            ArtifactsServer server;
            try
            {
                server = await ArtifactsServer.StartAsync(name);
            }
            catch (ServerUnavailableException e)
            {
                Figure.Print(Name, name + "_server", e.Message, "missing");
                continue;
            }

            await using (server)
            {
                string[] sent = [.. Directory.EnumerateFiles(small).Order(StringComparer.Ordinal)];
                using IArtifactsClient direct = server.Connect(server.Endpoint);
                peak = Math.Max(peak, await MeasureLargeAsync(name, direct, large, largeTrials, folder));
                await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
                proxy.Delay = NetworkDelay;
                using IArtifactsClient distant = server.Connect(proxy.Endpoint);
                await MeasureSmallAsync(name + "_small", distant, sent, smallTrials, folder);
                await MeasureSmallAsync(name + "_small_direct", direct, sent, smallTrials, folder);
            }
        }

        Figure.Print(Name, "peak_mib_above_idle", peak, "MiB");
    }

    /// <returns>The peak of memory above idle in MiB.</returns>
    private static async Task<double> MeasureLargeAsync(string name, IArtifactsClient client, string file, int trials, ScratchFolder folder)
    {
        string copy = Path.Combine(folder.Path, "copy");
        ArtifactsPair up = new(), down = new();
        List<double> unflushed = [], byHand = [];
        // The first round loads code and opens connections, and is not counted.
        for (int trial = -1; trial < trials; trial++)
        {
            string ours = $"ours-{Guid.NewGuid():N}", bare = $"bare-{Guid.NewGuid():N}";
            ArtifactFolder artifacts = new(client.Store, client.LocationOf(ours), TimeProvider.System);
            await up.MeasureAsync(
                trial,
                () => artifacts.UploadFilesAsync([new ArtifactUpload(new ArtifactPath("large"), file)]),
                () => client.UploadAsync(bare + "/large", file),
                prepare: TouchMemory);
            await down.MeasureAsync(
                trial,
                async () => Check((await artifacts.DownloadAsync(new ArtifactPath("large"), copy)).Sha256),
                () => client.DownloadAsync(bare + "/large", copy),
                () => File.Delete(copy),
                TouchMemory);
            await client.Store.DeletePrefixAsync(client.LocationOf(bare), "", default);
            if (client is ArtifactsLocalClient local)
            {
                TouchMemory();
                long start = Stopwatch.GetTimestamp();
                await local.UploadUnflushedAsync(bare + "/large", file);
                if (trial >= 0)
                    unflushed.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                await client.Store.DeletePrefixAsync(client.LocationOf(bare), "", default);
            }

            if (client is ArtifactsBlobClient blobs)
            {
                TouchMemory();
                long start = Stopwatch.GetTimestamp();
                await blobs.DownloadByHandAsync(ours + "/large", copy);
                if (trial >= 0)
                    byHand.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                File.Delete(copy);
            }

            await client.Store.DeletePrefixAsync(client.LocationOf(ours), "", default);
        }

        double mebibytes = new FileInfo(file).Length / (double)(1 << 20);
        Print(name + "_large", up, down, seconds => mebibytes / seconds, "MiB/s");
        if (unflushed.Count > 0)
            Figure.Print(Name, name + "_large_up_unflushed_ratio", unflushed.Min() / up.Ours, "x");
        if (byHand.Count > 0)
            Figure.Print(Name, name + "_large_down_by_hand_ratio", byHand.Min() / down.Ours, "x");
        double peak = await ArtifactsPeak.MeasureAsync(client, file, copy);
        Figure.Print(Name, name + "_peak_mib_above_idle", peak, "MiB");
        return peak;

        // On a virtual machine the first use of a page costs more than all that is measured here, and who writes first would pay it: now both write to pages that were just freed.
        void TouchMemory()
        {
            File.Copy(file, copy);
            File.Delete(copy);
        }
    }

    private static async Task MeasureSmallAsync(string name, IArtifactsClient client, string[] files, int trials, ScratchFolder scratch)
    {
        string copies = Path.Combine(scratch.Path, "copies");
        ArtifactsPair up = new(), down = new();
        await WarmUpAsync(client, files, copies);
        for (int trial = 0; trial < trials; trial++)
        {
            string ours = $"ours-{Guid.NewGuid():N}", bare = $"bare-{Guid.NewGuid():N}";
            ArtifactFolder artifacts = new(client.Store, client.LocationOf(ours), TimeProvider.System);
            IReadOnlyList<ArtifactUpload> uploads = [.. files.Select(file => new ArtifactUpload(new ArtifactPath(Path.GetFileName(file)), file))];
            await up.MeasureAsync(
                trial,
                () => artifacts.UploadFilesAsync(uploads),
                async () =>
                {
                    foreach (string file in files)
                        await client.PutAsync($"{bare}/{Path.GetFileName(file)}", file);
                });
            await down.MeasureAsync(
                trial,
                async () =>
                {
                    // One that has not uploaded them, and must read the manifest.
                    ArtifactFolder reader = new(client.Store, client.LocationOf(ours), TimeProvider.System);
                    foreach (ArtifactFile file in await reader.DownloadFolderAsync(copies))
                        Check(file.Sha256);
                },
                async () =>
                {
                    Directory.CreateDirectory(copies);
                    foreach (string file in files)
                        await client.GetAsync($"{bare}/{Path.GetFileName(file)}", Path.Combine(copies, Path.GetFileName(file)));
                },
                () =>
                {
                    int count = Directory.GetFiles(copies).Length;
                    Directory.Delete(copies, recursive: true);
                    if (count != files.Length)
                        throw new InvalidOperationException($"{count} of {files.Length} files came back.");
                });
            await client.Store.DeletePrefixAsync(client.LocationOf(ours), "", default);
            await client.Store.DeletePrefixAsync(client.LocationOf(bare), "", default);
        }

        Print(name, up, down, seconds => files.Length / seconds, "files/s");
    }

    private static async Task WarmUpAsync(IArtifactsClient client, string[] files, string copies)
    {
        string name = $"warm-{Guid.NewGuid():N}";
        ArtifactFolder artifacts = new(client.Store, client.LocationOf(name), TimeProvider.System);
        await artifacts.UploadFilesAsync([.. files.Take(64).Select(file => new ArtifactUpload(new ArtifactPath("a/" + Path.GetFileName(file)), file))]);
        await artifacts.DownloadFolderAsync(copies);
        foreach (string file in files.Take(32))
        {
            await client.PutAsync($"{name}/b/{Path.GetFileName(file)}", file);
            await client.GetAsync($"{name}/b/{Path.GetFileName(file)}", Path.Combine(copies, "b"));
        }

        Directory.Delete(copies, recursive: true);
        await client.Store.DeletePrefixAsync(client.LocationOf(name), "", default);
    }

    private static void Print(string name, ArtifactsPair up, ArtifactsPair down, Func<double, double> rate, string unit)
    {
        Figure.Print(Name, name + "_up", rate(up.Ours), unit);
        Figure.Print(Name, name + "_up_bare", rate(up.Bare), unit);
        Figure.Print(Name, name + "_down", rate(down.Ours), unit);
        Figure.Print(Name, name + "_down_bare", rate(down.Bare), unit);
        Figure.Print(Name, name + "_up_ratio", up.Ratio, "x");
        Figure.Print(Name, name + "_down_ratio", down.Ratio, "x");
        Figure.Print(Name, name + "_ratio", Math.Min(up.Ratio, down.Ratio), "x");
    }

    private static void Check(string? verified)
    {
        if (verified is null)
            throw new InvalidOperationException("A download was not verified.");
    }

    private static void WriteNoise(string file, long bytes, Random random)
    {
        byte[] block = new byte[Math.Min(bytes, 1 << 20)];
        using FileStream stream = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (long left = bytes; left > 0; left -= block.Length)
        {
            random.NextBytes(block);
            stream.Write(block);
        }

        stream.Flush(flushToDisk: true);
    }
}
