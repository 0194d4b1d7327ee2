// Trains a small model over a few settings and keeps what happened: one parent run for the sweep, one child run for each setting.
// The best becomes a version in the registry, is promoted if it is good enough and not worse than the one before, and scores.
using System.Globalization;
using QuickStart;
using MathNet.Numerics.LinearAlgebra;
using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Evaluation;
using Spectre.Console;

if (args is not ([] or ["--artifacts", _]))
{
    Console.Error.WriteLine("usage: QuickStart [--artifacts <folder | s3://bucket/prefix | gs://bucket/prefix | wasbs://container@account.blob.core.windows.net/prefix | https://account.blob.core.windows.net/container/prefix>]");
    return 2;
}

const int Seed = 42, Epochs = 200;
double[] rates = [0.03, 0.3, 3], ridges = [0, 0.01];
(double LearningRate, double Ridge)[] grid = [.. from rate in rates from ridge in ridges select (rate, ridge)];

string file = Path.Combine(AppContext.BaseDirectory, "data", "breast_cancer.csv");
BreastCancer data = BreastCancer.Load(file, new Random(Seed));
string database = Path.GetFullPath("mlops.db");
await using var tracker = Tracker.Open(t => ArtifactRoot.Choose(t.UseSqlite(database), args is [_, var root] ? root : null));

RunId sweepId = await AnsiConsole.Progress().StartAsync(progress => tracker.RunAsync("breast-cancer", async sweep =>
{
    sweep.LogParam("seed", Seed);
    await sweep.LogDatasetAsync(file, role: "training");
    await sweep.LogArtifactsAsync(Path.GetDirectoryName(file)!, under: "data", new TransferBar(progress.AddTask("uploading the data")));
    ProgressTask bar = progress.AddTask("training", maxValue: grid.Length * Epochs);
    foreach ((double learningRate, double ridge) in grid)
        await TrainAsync(learningRate, ridge, bar);
    return sweep.Id;
}, new RunOptions { Name = "sweep" }));

// Runs whose learning went somewhere, the best first.
RunQuery best = RunQuery.Parse("metrics.`validation/roc_auc` > 0.5", "metrics.`validation/roc_auc` DESC", "metrics.val_loss ASC") with { Parent = sweepId };
Table table = new() { Title = new TableTitle("leader board") };
table.AddColumns("run", "rate", "ridge", "roc_auc", "f1", "val_loss");
RunDetails? first = null;
await foreach (RunDetails run in tracker.FindRunsAsync(best).Take(10))
{
    string Latest(string metric) => run.Metrics[metric].Value.ToString("F4", CultureInfo.InvariantCulture);
    table.AddRow(run.Info.Name, run.Params["learning_rate"], run.Params["ridge"], Latest("validation/roc_auc"), Latest("validation/f1_score"), Latest("val_loss"));
    first ??= run;
}

AnsiConsole.Write(table);
Console.WriteLine($"runs       {database}");
string folder = Path.GetFullPath("best-run");
await AnsiConsole.Progress().StartAsync(progress =>
    tracker.OpenArtifacts(first!.Info).DownloadFolderAsync(folder, progress: new TransferBar(progress.AddTask("downloading the best run"))));
Console.WriteLine($"the best   {first!.Info.ArtifactLocation}");
Console.WriteLine($"           with its ROC curve, downloaded and verified: {Path.Combine(folder, "evaluation")}");

await using var registry = ModelRegistry.Open(r => r.UseSqlite(database).UseTracker(tracker));
PromotionTarget champion = PromotionTarget.Alias("champion");
ModelVersion version = await registry.RegisterAsync("breast-cancer", ModelContent.FromRun(first.Info.Id, "model"));
if (!(await registry.GetModelAsync("breast-cancer")).Policies.ContainsKey(champion))
    await registry.SetPolicyAsync("breast-cancer", champion, new PromotionPolicy { Name = "not worse than before", Metrics = [new MetricRule("validation/roc_auc") { AtLeast = 0.95, NotWorseThanChampion = true }] });
Promotion promotion = await registry.ProposeAsync("breast-cancer", version.Number, champion, reason: "the best of its sweep");
Console.WriteLine($"registry   version {version.Number} of breast-cancer, files verified; promotion to champion: {promotion.Status}");

await using ModelSource<LogisticRegression> models = await registry.OpenModelAsync("breast-cancer@champion", (files, _) => ValueTask.FromResult(LogisticRegression.Load(files.GetPath("weights.json"))));
using ModelLease<LogisticRegression> model = models.Acquire();
Vector<double> probabilities = model.Model.Predict(data.Validation.Features);
int right = probabilities.Zip(data.Validation.Targets).Count(row => row.First >= 0.5 == (row.Second == 1));
Console.WriteLine($"champion   version {model.Version!.Number} classifies {right} of {probabilities.Count} rows that it has not seen rightly");
return 0;

// Inside the scope of the sweep, so its run is a child of it.
Task TrainAsync(double learningRate, double ridge, ProgressTask bar) => tracker.RunAsync("breast-cancer", async run =>
{
    run.LogParam("learning_rate", learningRate);
    run.LogParam("ridge", ridge);
    run.LogParam("epochs", Epochs);
    await run.LogDatasetAsync(file, role: "training");

    LogisticRegression model = new(data.Training.Features.ColumnCount, learningRate, ridge);
    Vector<double> scores = data.Validation.Targets;
    for (int epoch = 1; epoch <= Epochs; epoch++)
    {
        model.Fit(data.Training);
        scores = model.Predict(data.Validation.Features);
        run.LogMetric("loss", model.Loss(data.Training), epoch);
        run.LogMetric("val_loss", model.Loss(data.Validation), epoch);
        bar.Increment(1);
    }

    await run.LogTextAsync("model/weights.json", model.ToJson());
    bool[] benign = [.. data.Validation.Targets.Select(target => target == 1)];
    await run.LogEvaluationAsync("held-out", ModelEvaluation.Binary(benign, [.. scores]), prefix: "validation/", step: Epochs);
});
