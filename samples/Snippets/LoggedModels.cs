using MLOps.Tracking;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace Snippets;

internal static class LoggedModels
{
    public static async Task LogAsync(Tracker tracker, RunId runId)
    {
        // <log-model>
        ITrackingStore store = tracker.Store;
        Experiment experiment = (await store.FindExperimentAsync("churn", CancellationToken.None))!;
        LoggedModel model = await store.CreateLoggedModelAsync(
            new NewLoggedModel
            {
                Id = LoggedModelId.New(),
                ExperimentId = experiment.Id,
                Name = "trees",
                SourceRunId = runId,
                Params = new Dictionary<string, string> { ["depth"] = "6" },
            },
            CancellationToken.None);

        // … upload its files to model.ArtifactLocation …
        await store.ChangeLoggedModelAsync(model.Id, new LoggedModelChange { Status = LoggedModelStatus.Ready }, CancellationToken.None);
        // </log-model>

        // <measure-model>
        AppendResult applied = await store.AppendAsync(
            new RecordBatch
            {
                Records =
                [
                    new TrackingRecord.ModelProduced(runId, new LoggedModelOutput(model.Id, Step: 100)),
                    new TrackingRecord.PointsLogged(runId, "auc", new[] { new MetricPoint(100, 1_767_225_600_000, 0.93) }) { Model = model.Id, DatasetName = "wine", DatasetDigest = "d1" },
                ],
            },
            CancellationToken.None);
        // </measure-model>
        if (applied.Rejections.Count > 0)
            throw new InvalidOperationException(applied.Rejections[0].Message);

        // <find-models>
        LoggedModelQuery query = LoggedModelQuery.Parse("metrics.auc > 0.9 AND params.depth = '6'", [experiment.Id], "metrics.auc DESC") with
        {
            Datasets = [("wine", null)],
        };
        Page<LoggedModel> page = await store.FindLoggedModelsAsync(query, new PageRequest { Size = 50 }, CancellationToken.None);
        foreach (LoggedModel found in page.Items)
            Console.WriteLine($"{found.Name} {found.Status} {found.Metrics[0].Point.Value}");
        // </find-models>
    }
}
