using System.Text.Json;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Evaluation;
using MLOps.Tracking.Storage;
using MLOps.Tracking.Tests.Evaluation.Plots;
using static MLOps.Tracking.Tests.Evaluation.SklearnSample;

namespace MLOps.Tracking.Tests.Evaluation;

public sealed class EvaluationExtensionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_binary_evaluation_is_metrics_a_table_and_plots_of_its_run()
    {
        await using Tracker tracker = Open();
        ModelEvaluation evaluation = ModelEvaluation.Binary(Labels, Probabilities);
        IReadOnlyList<ArtifactFile> files = [];
        RunId id = default;
        await tracker.RunAsync(
            "churn",
            async run =>
            {
                id = run.Id;
                files = await run.LogEvaluationAsync("held-out", evaluation, "validation/", step: 7, Cancellation);
            },
            cancellationToken: Cancellation);

        RunDetails details = await tracker.GetRunAsync(id, Cancellation);
        Assert.Equal(evaluation.Metrics.Keys.Select(key => "validation/" + key).Order(), details.Metrics.Keys.Order());
        foreach ((string key, double value) in evaluation.Metrics)
            Assert.Equal((value, 7), (details.Metrics["validation/" + key].Value, details.Metrics["validation/" + key].Step));

        string[] paths = ["evaluation/held-out.json", "evaluation/held-out/roc.svg", "evaluation/held-out/precision_recall.svg", "evaluation/held-out/calibration.svg", "evaluation/held-out/confusion.svg"];
        Assert.Equal(paths, files.Select(file => file.Path.Value));
        ArtifactFolder artifacts = tracker.OpenArtifacts(details.Info);
        Assert.Equal(paths.Order(), (await artifacts.ListAsync(Cancellation)).Select(file => file.Path.Value).Order());
        foreach (string path in paths[1..])
            SvgTests.Parse(await ReadAsync(artifacts, path));

        using JsonDocument json = JsonDocument.Parse(await ReadAsync(artifacts, paths[0]));
        JsonElement root = json.RootElement, tables = root.GetProperty("tables");
        Assert.Equal((1, "binary", "held-out", 7), (root.GetProperty("version").GetInt32(), root.GetProperty("kind").GetString(), root.GetProperty("name").GetString(), root.GetProperty("step").GetInt32()));
        Assert.Equal(evaluation.Metrics["roc_auc"], root.GetProperty("metrics").GetProperty("roc_auc").GetDouble());
        CheckThresholds(tables.GetProperty("thresholds"));
        Assert.Equal(CalibrationCurve.Uniform(Labels, Probabilities).Bins.Count, tables.GetProperty("calibration").GetProperty("data").GetArrayLength());
        Assert.Equal(40, tables.GetProperty("confusion").GetProperty("data").EnumerateArray().Sum(cell => cell[2].GetDouble()));
    }

    [Fact]
    public async Task A_multiclass_and_a_regression_evaluation_are_logged_side_by_side()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        var matrix = new ConfusionMatrix(["a", "b <&>", "c", "d"]);
        matrix.Add(Actual, Predicted);
        await run.LogEvaluationAsync("classes", ModelEvaluation.Multiclass(matrix), cancellationToken: Cancellation);
        await run.LogEvaluationAsync("amount", ModelEvaluation.Regression(Targets, Predictions), cancellationToken: Cancellation);

        RunDetails details = await tracker.GetRunAsync(run.Id, Cancellation);
        Near.Equal(0.275, details.Metrics["accuracy_score"].Value);
        Near.Equal(0.9650198085005788, details.Metrics["r2_score"].Value);
        ArtifactFolder artifacts = tracker.OpenArtifacts(details.Info);
        Assert.Equal(
            ["evaluation/amount.json", "evaluation/amount/predicted_actual.svg", "evaluation/classes.json", "evaluation/classes/confusion.svg"],
            (await artifacts.ListAsync(Cancellation)).Select(file => file.Path.Value).Order(StringComparer.Ordinal));
        using JsonDocument json = JsonDocument.Parse(await ReadAsync(artifacts, "evaluation/classes.json"));
        JsonElement second = json.RootElement.GetProperty("tables").GetProperty("classes").GetProperty("data")[1];
        Assert.Equal(("b <&>", 7.0), (second[0].GetString(), second[4].GetDouble()));
        Near.Equal(0.25, second[1].GetDouble());
    }

    [Fact]
    public async Task What_is_undefined_is_logged_as_NaN_and_written_as_text()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await run.LogEvaluationAsync("one", ModelEvaluation.Binary([true], [0.5]), cancellationToken: Cancellation);

        RunDetails details = await tracker.GetRunAsync(run.Id, Cancellation);
        Assert.Equal(double.NaN, details.Metrics["roc_auc"].Value);
        using JsonDocument json = JsonDocument.Parse(await ReadAsync(tracker.OpenArtifacts(details.Info), "evaluation/one.json"));
        Assert.Equal("NaN", json.RootElement.GetProperty("metrics").GetProperty("roc_auc").GetString());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("../up", "")]
    [InlineData("a#b", "")]
    [InlineData("fine", "/validation/")]
    [InlineData("fine", "val=")]
    public async Task A_name_or_a_prefix_that_is_not_legal_logs_nothing(string name, string prefix)
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(async () => await run.LogEvaluationAsync(name, ModelEvaluation.Binary([true], [0.5]), prefix, cancellationToken: Cancellation));

        RunDetails details = await tracker.GetRunAsync(run.Id, Cancellation);
        Assert.Empty(details.Metrics);
        Assert.Empty(await tracker.OpenArtifacts(details.Info).ListAsync(Cancellation));
    }

    [Fact]
    public async Task A_run_that_has_ended_takes_none()
    {
        await using Tracker tracker = Open();
        Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await run.EndAsync(cancellationToken: Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await run.LogEvaluationAsync("late", ModelEvaluation.Binary([true], [0.5]), cancellationToken: Cancellation));
    }

    private static void CheckThresholds(JsonElement table)
    {
        Assert.Equal(["threshold", "false_positive_rate", "true_positive_rate", "precision", "f1"], table.GetProperty("columns").EnumerateArray().Select(column => column.GetString()));
        JsonElement[] rows = [.. table.GetProperty("data").EnumerateArray()];
        Assert.Equal("Infinity", rows[0][0].GetString());
        foreach (JsonElement row in rows[1..])
        {
            double threshold = row[0].GetDouble();
            Near.Equal(ClassificationMetrics.Recall(Labels, Probabilities, threshold), row[2].GetDouble());
            Near.Equal(ClassificationMetrics.Precision(Labels, Probabilities, threshold), row[3].GetDouble());
            Near.Equal(ClassificationMetrics.F1(Labels, Probabilities, threshold), row[4].GetDouble());
        }

        Assert.Equal(Probabilities.Min(), rows[^1][0].GetDouble());
        Assert.True(rows.Length > 10);
    }

    private static async Task<byte[]> ReadAsync(ArtifactFolder artifacts, string path)
    {
        await using Stream stream = await artifacts.OpenReadAsync(path, Cancellation);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, Cancellation);
        return content.ToArray();
    }

    private Tracker Open() => Tracker.Open(t => t
        .UseInMemory(_folder.Path, _store)
        .Configure(o => (o.Capture.Source, o.Capture.Environment, o.CloseTimeout) = (false, false, TimeSpan.FromSeconds(2))));
}
