// Published with native AOT: a run is tracked, ended and read back by a program that has no JIT and no reflection to fall back on.
using MLOps.Tracking;

DirectoryInfo folder = Directory.CreateTempSubdirectory("mlops-aot-");
try
{
    string database = Path.Combine(folder.FullName, "mlops.db");
    RunId id = await TrackAsync(database);
    await CheckAsync(database, id);
    Console.WriteLine($"native AOT: run {id} tracked and read back");
    return 0;
}
finally
{
    folder.Delete(recursive: true);
}

static async Task<RunId> TrackAsync(string database)
{
    await using var tracker = Tracker.Open(t => t.UseSqlite(database));
    return await tracker.RunAsync("aot", async run =>
    {
        run.LogParam("learning_rate", 0.01);
        run.SetTag("compiled", "ahead of time");
        Metric loss = run.Metric("loss");
        for (int step = 0; step < 10_000; step++)
            loss.Log(1.0 / (step + 1), step);
        run.LogMetric("odd", double.NaN);
        await run.LogTextAsync("note.txt", "kept");
        return run.Id;
    });
}

static async Task CheckAsync(string database, RunId id)
{
    await using var tracker = Tracker.Open(t => t.UseSqlite(database));
    RunDetails run = await tracker.GetRunAsync(id);
    MetricSeries loss = await tracker.GetSeriesAsync(id, "loss");
    Demand(run.Info.Status == RunStatus.Finished, $"status {run.Info.Status}");
    Demand(run.Params["learning_rate"] == "0.01", $"param {run.Params["learning_rate"]}");
    Demand(run.Tags["compiled"] == "ahead of time", "tag");
    Demand(double.IsNaN(run.Metrics["odd"].Value), "NaN became a number");
    Demand(loss.Points.Count == 10_000 && loss.Points[9_999].Value == 1.0 / 10_000, $"{loss.Points.Count} points");
    string note = Path.Combine(new Uri(run.Info.ArtifactLocation).LocalPath, "note.txt");
    Demand(await File.ReadAllTextAsync(note) == "kept", note);
}

static void Demand(bool holds, string found)
{
    if (!holds)
        throw new InvalidOperationException($"The run does not read back as it was logged: {found}.");
}
