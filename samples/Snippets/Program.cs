// The code of the pages, compiled and run. A page shows what stands between two markers; a test compares them.
// <five-lines>
using MLOps.Tracking;

// </five-lines>
using Snippets;

await File.WriteAllTextAsync("model.onnx", "stands for a model");
await File.WriteAllTextAsync("churn.csv", "age,churned\n31,0\n");
await File.WriteAllBytesAsync("confusion.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);

// <five-lines>
await using var tracker = Tracker.Open(t => t.UseSqlite("mlops.db"));
await tracker.RunAsync("churn", async run =>
{
    run.LogParam("learning_rate", 0.01);
    run.LogMetric("loss", 0.31, step: 1);
    await run.LogArtifactAsync("model.onnx");
});
// </five-lines>

await GettingStarted.ReadBackAsync(tracker);
await GettingStarted.HostAsync();
await Runs.SweepAsync(tracker);
RunId id = await Runs.ByHandAsync(tracker);
await Runs.ResumeAsync(tracker, id);
await Runs.DescribeAsync(tracker);
await Metrics.LogAsync(tracker);
await Metrics.ReadAsync(tracker, id);
await Search.AskAsync(tracker);
await Search.BuildAsync(tracker);
await Search.PageAsync(tracker);
await Search.ReadLessAsync(tracker);
await Search.ExperimentsAsync(tracker);
Search.Mistake();
RunId other = RunId.New();
await using (Run run = await tracker.StartRunAsync("churn", new RunOptions { Id = other }))
    await run.EndAsync(RunStatus.Finished);
await Series.ReadAsync(tracker, id, other);
await LoggedModels.LogAsync(tracker, id);
await Compare.ShowAsync(tracker);
await Compare.ReportAsync(tracker, id, other);
await Artifacts.LogAsync(tracker);
await Artifacts.ReadAsync(tracker, id);
await Artifacts.TransferAsync(tracker);
await Artifacts.OwnStoreAsync();
await Encryption.EncryptAsync();
Encryption.Rotate();
using (var keys = MLOps.Tracking.Artifacts.Encryption.LocalKeyFile.Open("artifact-keys.txt"))
    await Encryption.MoveAsync(keys);
await Encryption.KeyServiceAsync();
await Evaluation.LogAsync(tracker);
await Evaluation.StreamAsync(tracker);
await Operating.FlushAsync(tracker, await tracker.StartRunAsync("churn"));
Operating.Watch(tracker);
await Operating.ConfigureAsync();
await LogsAndCost.HostAsync();
await LogsAndCost.LogAsync(tracker);
await LogsAndCost.CostAsync();
await Upkeep.ChangeAsync(tracker, id);
await Upkeep.DeleteAsync(tracker, id);
await Upkeep.PurgeAsync(tracker);
await Upkeep.RetainAsync(tracker);
Upkeep.Host();
await Upkeep.CheckAsync(tracker);
await Upkeep.CompactAsync(tracker);
Drift.Compare();
Drift.Categorise();
Drift.Stream();
Drift.Rows();
await Models.RegisterAsync(tracker);
await AuditLog.VerifyAsync();
await AuditLog.HearAsync();
await TrackingServer.ServeAsync();
await TrackingServer.MakeKeysAsync();
await Snippets.Runtime.Interruptions.TrainAsync();
await Snippets.Runtime.Interruptions.OwnAsync();
Console.WriteLine("every snippet of the pages ran");
