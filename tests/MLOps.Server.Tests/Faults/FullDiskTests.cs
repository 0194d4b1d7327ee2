using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Faults;

/// <summary>The disk of the server's database and artifacts fills up: a small tmpfs, which root can mount.</summary>
public sealed class FullDiskTests
{
    private const int DiskMiB = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_an_error_in_JSON_that_ends_when_there_is_space_again()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        await using ServerProcess server = await ServerProcess.StartAsync(disk.Folder);
        MlflowClient client = server.Client;
        string run = (string)(await client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = "0" }))["run"]!["info"]!["run_id"]!;
        JsonObject Tag(int i) => new() { ["run_id"] = run, ["key"] = $"tag {i}", ["value"] = new string('v', 4000) };
        await client.PostAsync("runs/set-tag", Tag(0));

        string ballast = disk.Fill();
        List<int> kept = [0];
        MlflowClient.Answer refused = await FailingAsync(i => client.TryPostAsync("runs/set-tag", Tag(i)), kept);
        refused.IsError(503, "TEMPORARILY_UNAVAILABLE");
        MlflowClient.Answer upload = await PutAsync(client, "full/large.bin", 4 << 20);
        Assert.True((int)upload.Status is 500 or 503, upload.Body);
        Assert.NotNull(upload.Json["error_code"]);

        // It still reads, and nothing of what was refused is there.
        Assert.Equal(kept, await TagsAsync(client, run));
        Assert.Equal(HttpStatusCode.NotFound, (await client.TryGetAsync("/api/2.0/mlflow-artifacts/artifacts/full/large.bin")).Status);

        File.Delete(ballast);
        await client.PostAsync("runs/set-tag", Tag(10_000));
        Assert.Equal([.. kept, 10_000], await TagsAsync(client, run));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(client, "full/large.bin", 4 << 20)).Status);
        using HttpResponseMessage whole = await client.Http.GetAsync("/api/2.0/mlflow-artifacts/artifacts/full/large.bin", Cancel);
        Assert.Equal(4 << 20, (await whole.Content.ReadAsByteArrayAsync(Cancel)).Length);
        Assert.Equal(0, await server.StopAsync());
    }

    private static async Task<MlflowClient.Answer> FailingAsync(Func<int, Task<MlflowClient.Answer>> write, List<int> kept)
    {
        for (int i = 1; i < 5000; i++)
        {
            MlflowClient.Answer answer = await write(i);
            if (answer.Status != HttpStatusCode.OK)
                return answer;
            kept.Add(i);
        }

        throw new InvalidOperationException($"A disk of {DiskMiB} MiB took 5,000 values of 4,000 chars.");
    }

    private static async Task<IEnumerable<int>> TagsAsync(MlflowClient client, string run) =>
        (await client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!["tags"]!.AsArray()
            .Select(tag => (string)tag!["key"]!).Where(key => key.StartsWith("tag ", StringComparison.Ordinal))
            .Select(key => int.Parse(key[4..], System.Globalization.CultureInfo.InvariantCulture)).Order();

    private static Task<MlflowClient.Answer> PutAsync(MlflowClient client, string path, int length) =>
        client.SendAsync(HttpMethod.Put, $"/api/2.0/mlflow-artifacts/artifacts/{path}", new ByteArrayContent(new byte[length]));

    private sealed class SmallDisk : IAsyncDisposable
    {
        private SmallDisk(string folder) => Folder = folder;

        public string Folder { get; }

        public static async Task<SmallDisk> MountAsync()
        {
            Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A small disk to fill is mounted by root on Linux.");
            string folder = Directory.CreateTempSubdirectory("mlops-disk-").FullName;
            (int exitCode, string output) = await RunAsync("mount", "-t", "tmpfs", "-o", $"size={DiskMiB}m", "mlops-test", folder);
            if (exitCode == 0)
                return new SmallDisk(folder);
            Directory.Delete(folder);
            Assert.Skip($"A tmpfs cannot be mounted here: {output}");
            return null!;
        }

        /// <summary>Leaves no byte free; deleting the file that it returns frees them again.</summary>
        public string Fill()
        {
            string file = Path.Join(Folder, "ballast");
            using FileStream ballast = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (int size = 1 << 20; size >= 4096; size /= 2)
            {
                try
                {
                    while (true)
                        ballast.Write(new byte[size]);
                }
                catch (IOException)
                {
                    // Smaller pieces may fit.
                }
            }

            return file;
        }

        public async ValueTask DisposeAsync()
        {
            (int exitCode, string output) = await RunAsync("umount", Folder);
            Assert.True(exitCode == 0, output);
            Directory.Delete(Folder);
        }

        private static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string errors = await process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            return (process.ExitCode, errors);
        }
    }
}
