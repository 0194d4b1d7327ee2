using System.Text.Json.Serialization;
using MLOps.Tracking;

namespace Snippets;

internal static class Runs
{
    public static async Task SweepAsync(Tracker tracker)
    {
        // <sweep>
        await tracker.RunAsync("churn", async sweep =>
        {
            foreach (double rate in (double[])[0.01, 0.1])
            {
                await tracker.RunAsync("churn", async run =>
                {
                    run.LogParam("learning_rate", rate);
                    await TrainAsync();
                });
            }
        }, new RunOptions { Name = "learning rates" });

        static Task TrainAsync()
        {
            // Deep inside other code, the run of this flow of control is at hand.
            Run.Current?.LogMetric("loss", 0.31);
            return Task.CompletedTask;
        }
        // </sweep>
    }

    public static async Task<RunId> ByHandAsync(Tracker tracker)
    {
        // <by-hand>
        await using Run run = await tracker.StartRunAsync("churn", new RunOptions
        {
            Name = "nightly",
            Tags = new Dictionary<string, string> { ["team"] = "growth" },
        });
        run.LogMetric("loss", 0.31, step: 1);
        await run.LogTextAsync("note.txt", "kept");
        await run.EndAsync(RunStatus.Finished);
        // </by-hand>
        return run.Id;
    }

    public static async Task ResumeAsync(Tracker tracker, RunId id)
    {
        // <resume>
        try
        {
            await using Run run = await tracker.ResumeRunAsync(id);
            run.LogMetric("loss", 0.29, step: 2);
            await run.EndAsync(RunStatus.Finished);
        }
        catch (RunInUseException inUse)
        {
            Console.WriteLine($"process {inUse.Owner.ProcessId} on {inUse.Owner.Host} is still at it");
        }
        // </resume>
    }

    public static async Task DescribeAsync(Tracker tracker)
    {
        // <describe>
        await tracker.RunAsync("churn", run =>
        {
            run.LogParams(new Settings(LearningRate: 0.01, Layers: [64, 32]), SettingsJson.Default.Settings);
            run.SetTag("team", "growth");
            run.SetNote("Baseline of the **spring** campaign.");
            run.LogDataset(new DatasetInput { Name = "churn", Digest = "8d969eef6ecad3c2", Source = "churn.csv", Role = "training" });
            return Task.CompletedTask;
        });
        // </describe>
    }
}

// <settings>
internal sealed record Settings(double LearningRate, int[] Layers);

[JsonSerializable(typeof(Settings))]
internal sealed partial class SettingsJson : JsonSerializerContext;
// </settings>
