// Trains a small model over a few settings and keeps what happened: one parent run for the sweep, one child run for each setting.
using System.Globalization;
using QuickStart;
using MathNet.Numerics.LinearAlgebra;
using MLOps.Tracking;
using Spectre.Console;

const int Seed = 42, Epochs = 200;
double[] rates = [0.03, 0.3, 3], ridges = [0, 0.01];
(double LearningRate, double Ridge)[] grid = [.. from rate in rates from ridge in ridges select (rate, ridge)];

string file = Path.Combine(AppContext.BaseDirectory, "data", "breast_cancer.csv");
BreastCancer data = BreastCancer.Load(file, new Random(Seed));
string database = Path.GetFullPath("mlops.db");
await using var tracker = Tracker.Open(t => t.UseSqlite(database));

RunId sweepId = await AnsiConsole.Progress().StartAsync(progress => tracker.RunAsync("breast-cancer", async sweep =>
{
    sweep.LogParam("seed", Seed);
    await sweep.LogDatasetAsync(file, role: "training");
    ProgressTask bar = progress.AddTask("training", maxValue: grid.Length * Epochs);
    foreach ((double learningRate, double ridge) in grid)
        await TrainAsync(learningRate, ridge, bar);
    return sweep.Id;
}, new RunOptions { Name = "sweep" }));

List<RunDetails> board = [];
await foreach (RunDetails run in tracker.FindRunsAsync(new RunQuery { Parent = sweepId }))
    board.Add(run);
Table table = new() { Title = new TableTitle("leader board") };
table.AddColumns("run", "rate", "ridge", "val_auc", "val_accuracy", "val_loss");
foreach (RunDetails run in board.OrderByDescending(run => run.Metrics["val_auc"].Value).ThenBy(run => run.Metrics["val_loss"].Value))
{
    string Latest(string metric) => run.Metrics[metric].Value.ToString("F4", CultureInfo.InvariantCulture);
    table.AddRow(run.Info.Name, run.Params["learning_rate"], run.Params["ridge"], Latest("val_auc"), Latest("val_accuracy"), Latest("val_loss"));
}

AnsiConsole.Write(table);
Console.WriteLine($"runs       {database}");
Console.WriteLine($"artifacts  {new Uri(board[0].Info.ArtifactLocation).LocalPath}, and beside it one folder for each run");
return;

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
        run.LogMetric("val_accuracy", scores.Zip(data.Validation.Targets, (p, target) => p >= 0.5 == (target == 1) ? 1.0 : 0.0).Average(), epoch);
        bar.Increment(1);
    }

    RocCurve roc = RocCurve.From([.. scores], [.. data.Validation.Targets]);
    run.LogMetric("val_auc", roc.Area, Epochs);
    await run.LogImageAsync("roc.png", RocPlot.Png(roc));
    await LogConfusionMatrixAsync(run, scores);
});

async Task LogConfusionMatrixAsync(Run run, Vector<double> scores)
{
    object?[] Row(string name, double actual) =>
    [
        name,
        scores.Zip(data.Validation.Targets).Count(pair => pair.Second == actual && pair.First < 0.5),
        scores.Zip(data.Validation.Targets).Count(pair => pair.Second == actual && pair.First >= 0.5),
    ];
    await run.LogTableAsync("confusion.json", ["actual", "predicted malignant", "predicted benign"], [Row("malignant", 0), Row("benign", 1)]);
}
