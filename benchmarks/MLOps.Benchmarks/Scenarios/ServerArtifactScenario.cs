using System.Diagnostics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>512 MiB up and down through the artifact proxy, and the server's peak resident set meanwhile.</summary>
internal static class ServerArtifactScenario
{
    private const string Name = "server-artifact";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        long size = options.Quick ? 128L << 20 : 512L << 20;
        int trials = options.Trials ?? (options.Quick ? 2 : 5);
        using ScratchFolder folder = options.NewFolder();
        await using MlflowServer server = await MlflowServer.StartAsync(folder.Path);
        string run = await server.CreateRunAsync(), path = $"api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/model.bin";
        byte[] piece = new byte[1 << 20];
        new Random(options.Seed).NextBytes(piece);
        List<double> up = [], down = [];
        server.ForgetPeak();
        for (int trial = -1; trial < trials; trial++)
        {
            long start = Stopwatch.GetTimestamp();
            using (HttpResponseMessage answer = await server.Http.PutAsync(path, new RepeatedContent(piece, size)))
                answer.EnsureSuccessStatusCode();
            double upSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

            start = Stopwatch.GetTimestamp();
            using (HttpResponseMessage answer = await server.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead))
                await DemandAsync(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(), size);
            double downSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (trial < 0)
                continue;
            up.Add(size / 1e6 / upSeconds);
            down.Add(size / 1e6 / downSeconds);
        }

        Figure.Print(Name, "upload_mb_per_s", up.Order().ElementAt(up.Count / 2), "MB/s");
        Figure.Print(Name, "download_mb_per_s", down.Order().ElementAt(down.Count / 2), "MB/s");
        Figure.Print(Name, "best_upload_mb_per_s", up.Max(), "MB/s");
        Figure.Print(Name, "best_download_mb_per_s", down.Max(), "MB/s");
        Figure.Print(Name, "peak_rss_mib", server.MebibytesOf("VmHWM"), "MiB");
    }

    private static async Task DemandAsync(Stream content, long size)
    {
        byte[] buffer = new byte[1 << 18];
        long length = 0;
        for (int read; (read = await content.ReadAsync(buffer)) > 0;)
            length += read;
        if (length != size)
            throw new InvalidOperationException($"{length} bytes came, not {size}.");
    }

    /// <summary>One piece again and again.</summary>
    private sealed class RepeatedContent(byte[] piece, long size) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (long sent = 0; sent < size; sent += piece.Length)
                await stream.WriteAsync(piece);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return true;
        }
    }
}
