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
}
