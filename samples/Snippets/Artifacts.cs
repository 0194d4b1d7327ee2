using MLOps.Tracking;
using MLOps.Tracking.Artifacts;

namespace Snippets;

internal static class Artifacts
{
    public static Task LogAsync(Tracker tracker) => tracker.RunAsync("churn", async run =>
    {
        // <log-artifacts>
        await run.LogArtifactAsync("model.onnx");
        await run.LogArtifactAsync("churn.csv", "data/training.csv");
        await run.LogTextAsync("notes/why.txt", "the optimiser diverged at step 12");
        await run.LogTableAsync("errors.json", ["segment", "rate"], [["new", 0.12], ["loyal", 0.03]]);
        await run.LogImageAsync("plots/confusion.png", await File.ReadAllBytesAsync("confusion.png"));

        using MemoryStream weights = new([1, 2, 3]);
        await run.LogArtifactAsync("weights.bin", weights);
        // </log-artifacts>
    });

    public static async Task ReadAsync(Tracker tracker, RunId id)
    {
        // <read-artifacts>
        RunDetails run = await tracker.GetRunAsync(id);
        ArtifactFolder artifacts = tracker.OpenArtifacts(run.Info);
        foreach (ArtifactFile file in await artifacts.ListAsync())
            Console.WriteLine($"{file.Path}  {file.SizeBytes} bytes  {file.Sha256}");

        await using Stream note = await artifacts.OpenReadAsync("note.txt");
        // </read-artifacts>
    }

    public static async Task TransferAsync(Tracker tracker)
    {
        Directory.CreateDirectory("checkpoints/step-100");
        await File.WriteAllTextAsync("checkpoints/step-100/weights.bin", "stands for weights");
        // <transfer-artifacts>
        await tracker.RunAsync("churn", async run =>
        {
            // Sent by its changes: a second call with the same folder sends what is new or different.
            var progress = new Progress<ArtifactProgress>(p => Console.WriteLine($"{p.Files} of {p.TotalFiles} files, {p.Bytes} of {p.TotalBytes} bytes"));
            await run.LogArtifactsAsync("checkpoints", under: "checkpoints", progress);

            ArtifactFolder artifacts = tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation));
            await artifacts.DownloadFolderAsync("restored", under: "checkpoints/step-100");
            await artifacts.CopyAsync("checkpoints/step-100/weights.bin", "best/weights.bin");
            await artifacts.DeleteAsync("checkpoints");
        });
        // </transfer-artifacts>
    }

    public static async Task OwnStoreAsync()
    {
        // <use-own-store>
        await using var tracker = Tracker.Open(t => t.UseSqlite("own.db").AddArtifactStore(_ => new MemoryArtifactStore()).UseArtifactRoot("memory://team/runs"));
        // </use-own-store>
        await tracker.RunAsync("churn", async run => await run.LogTextAsync("note.txt", "kept in memory"));
    }
}
