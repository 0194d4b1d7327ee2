using System.Runtime.CompilerServices;
using MLOps.Tracking.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Evaluation;

/// <summary>The usual evaluators against MLOps.Tracking's evaluations and PyTorch's losses over all rows at once.</summary>
[Collection("torch")]
public sealed class EvaluatorTests
{
    private readonly nn.Module _module = nn.Identity();

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public void A_classifier_of_several_classes_is_measured_as_over_all_rows(ScalarType type)
    {
        manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = randn(50, 4).to(type), classes = randint(0, 4, 50);

        IReadOnlyDictionary<string, double> actual = Measure(MLOps.Training.Evaluation.Classification(new Rows(logits, classes, 7, 20, 1, 22), batch => batch));

        ConfusionMatrix matrix = new(4);
        matrix.Add([.. classes.data<long>().Select(each => (int)each)], [.. logits.to(ScalarType.Float32).argmax(1).data<long>().Select(each => (int)each)]);
        AssertNear(ModelEvaluation.Multiclass(matrix).Metrics, actual, type == ScalarType.Float64 ? 1e-14 : 1e-6);
        Assert.Equal(nn.functional.cross_entropy(logits.to(ScalarType.Float64), classes).item<double>(), actual["val_loss"], 6);
        Assert.Equal(50, actual["val_example_count"]);
    }

    [Fact]
    public void Places_of_further_dimensions_are_rows_and_the_ignored_class_is_none()
    {
        manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = randn(6, 3, 5, 2), classes = randint(0, 3, [6, 5, 2]);
        classes[0] = -100;
        Tensor flat = logits.permute(0, 2, 3, 1).reshape(-1, 3)[10..], flatClasses = classes.flatten()[10..];

        IReadOnlyDictionary<string, double> actual = Measure(MLOps.Training.Evaluation.Classification(new Rows(logits, classes, 1, 2, 3), batch => batch));

        Assert.Equal(50, actual["val_example_count"]);
        Assert.Equal(flat.argmax(1).eq(flatClasses).to(ScalarType.Float64).mean().item<double>(), actual["val_accuracy_score"], 12);
        Assert.Equal(nn.functional.cross_entropy(flat, flatClasses).item<float>(), actual["val_loss"], 5);
    }

    [Fact]
    public void Of_very_many_classes_the_accuracy_is_told_alone()
    {
        manual_seed(4);
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = randn(30, 1001), classes = logits.argmax(1);
        classes[0] = classes[0].item<long>() == 0 ? 1 : 0;

        IReadOnlyDictionary<string, double> actual = Measure(MLOps.Training.Evaluation.Classification(new Rows(logits, classes, 15, 15), batch => batch, prefix: ""));

        Assert.Equal(["accuracy_score", "example_count", "loss"], actual.Keys.Order(StringComparer.Ordinal));
        Assert.InRange(actual["accuracy_score"], 29.0 / 30 - 1e-12, 1);
    }

    [Theory]
    [InlineData(ScalarType.Bool, 0.5)]
    [InlineData(ScalarType.Int64, 0.3)]
    [InlineData(ScalarType.Float32, 0.7)]
    public void A_classifier_of_two_classes_is_measured_as_over_all_rows(ScalarType type, double threshold)
    {
        manual_seed(5);
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = randn(60, 1) * 3, labels = randint(0, 2, [60]).to(type);

        IReadOnlyDictionary<string, double> actual = Measure(MLOps.Training.Evaluation.Binary(new Rows(logits, labels, 13, 40, 7), batch => batch, threshold: threshold));

        bool[] truth = [.. labels.to(ScalarType.Bool).data<bool>()];
        double[] probabilities = [.. logits.to(ScalarType.Float64).sigmoid().data<double>()];
        IReadOnlyDictionary<string, double> expected = ModelEvaluation.Binary(truth, probabilities, threshold).Metrics;
        AssertNear(expected.Where(metric => actual.ContainsKey("val_" + metric.Key) && metric.Key != "roc_auc").ToDictionary(), actual, 1e-12);
        Assert.Equal(expected["roc_auc"], actual["val_roc_auc"], 2);
        Assert.Equal(expected["log_loss"], actual["val_loss"], 5);
        Assert.Equal(9, actual.Count);
    }

    [Fact]
    public void A_regression_is_measured_as_over_all_rows()
    {
        manual_seed(6);
        using DisposeScope scope = NewDisposeScope();
        Tensor targets = randn(40, 2), predictions = targets + (randn(40, 2) * 0.3);

        IReadOnlyDictionary<string, double> actual = Measure(MLOps.Training.Evaluation.Regression(new Rows(predictions, targets, 39, 1), batch => batch));

        IReadOnlyDictionary<string, double> expected = ModelEvaluation.Regression([.. targets.to(ScalarType.Float64).data<double>()], [.. predictions.to(ScalarType.Float64).data<double>()]).Metrics;
        AssertNear(expected, actual, 1e-12);
        Assert.Equal(expected["mean_squared_error"], actual["val_loss"], 6);
    }

    [Fact]
    public void A_loss_of_your_own_is_the_mean_over_rows_not_over_batches()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor predictions = arange(10, dtype: ScalarType.Float32), targets = zeros(10);
        IReadOnlyDictionary<string, double> actual = Measure(MLOps.Training.Evaluation.Regression(new Rows(predictions, targets, 9, 1), batch => batch, loss: (outputs, goals) => (outputs - goals).abs().mean()));
        Assert.Equal(4.5, actual["val_loss"], 6);
    }

    [Fact]
    public void Outputs_of_a_model_that_has_diverged_make_NaN_of_all_metrics()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor outputs = zeros(6), targets = zeros(6);
        outputs[1] = double.NaN;
        AssertNaN(Measure(MLOps.Training.Evaluation.Regression(new Rows(outputs, targets, 3, 3), batch => batch)));
        AssertNaN(Measure(MLOps.Training.Evaluation.Binary(new Rows(outputs, targets, 3, 3), batch => batch)));
        AssertNaN(Measure(MLOps.Training.Evaluation.Classification(new Rows(outputs.reshape(3, 2), zeros(3, ScalarType.Int64), 1, 2), batch => batch)));

        outputs[1] = double.PositiveInfinity;
        IReadOnlyDictionary<string, double> infinite = Measure(MLOps.Training.Evaluation.Regression(new Rows(outputs, targets, 3, 3), batch => batch));
        Assert.Equal((double.PositiveInfinity, double.NaN), (infinite["val_loss"], infinite["val_mean_squared_error"]));
        Assert.Equal(5.0 / 6, Measure(MLOps.Training.Evaluation.Binary(new Rows(outputs, targets, 3, 3), batch => batch, threshold: 0.6))["val_accuracy_score"], 12);

        static void AssertNaN(IReadOnlyDictionary<string, double> results) =>
            Assert.All(results.Where(result => result.Key != "val_example_count"), result => Assert.Equal(double.NaN, result.Value));
    }

    [Fact]
    public void An_evaluation_after_one_that_diverged_is_whole()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor outputs = zeros(4), targets = zeros(4);
        outputs[0] = double.NaN;
        Evaluation<(Tensor, Tensor)> evaluation = MLOps.Training.Evaluation.Regression(new Rows(outputs, targets, 4), batch => batch);
        Assert.Equal(double.NaN, Measure(evaluation)["val_loss"]);
        outputs[0] = 2;
        Assert.Equal(1, Measure(evaluation)["val_loss"]);
        Assert.Equal(1, Measure(evaluation)["val_mean_squared_error"]);
    }

    [Theory]
    [InlineData("labels", "0 or 1")]
    [InlineData("rows", "have different numbers of elements")]
    [InlineData("class type", "whole numbers")]
    [InlineData("logit shape", "(rows, classes)")]
    [InlineData("class count", "earlier batches")]
    [InlineData("class rows", "are of 4 rows")]
    public void Tensors_that_do_not_fit_are_refused(string what, string because)
    {
        using DisposeScope scope = NewDisposeScope();
        int calls = 0;
        Evaluation<(Tensor, Tensor)> evaluation = what switch
        {
            "labels" => MLOps.Training.Evaluation.Binary(new Rows(zeros(4), ones(4) * 0.5, 4), batch => batch),
            "rows" => MLOps.Training.Evaluation.Regression(new Rows(zeros(4, 2), zeros(4), 4), batch => batch),
            "class type" => MLOps.Training.Evaluation.Classification(new Rows(zeros(4, 2), zeros(4), 4), batch => batch),
            "logit shape" => MLOps.Training.Evaluation.Classification(new Rows(zeros(4), zeros(4, ScalarType.Int64), 4), batch => batch),
            "class count" => MLOps.Training.Evaluation.Classification(new Rows(zeros(4, 3), zeros(4, ScalarType.Int64), 2, 2), batch => (calls++ == 0 ? batch.Outputs : batch.Outputs[TensorIndex.Colon, ..2], batch.Targets)),
            _ => MLOps.Training.Evaluation.Classification(new Rows(zeros(4, 3), zeros(4, 2).to(ScalarType.Int64), 4), batch => batch),
        };
        BatchFailedException error = Assert.Throws<BatchFailedException>(() => Measure(evaluation));
        Assert.IsType<ArgumentException>(error.InnerException);
        Assert.Contains(because, error.Message, StringComparison.Ordinal);
    }

    private IReadOnlyDictionary<string, double> Measure(Evaluation<(Tensor Outputs, Tensor Targets)> evaluation) => evaluation.Measure(_module, TestContext.Current.CancellationToken);

    private static void AssertNear(IReadOnlyDictionary<string, double> expected, IReadOnlyDictionary<string, double> actual, double tolerance)
    {
        foreach ((string name, double value) in expected)
            Assert.True(Math.Abs(value - actual[$"val_{name}"]) <= tolerance * Math.Max(1, Math.Abs(value)), $"{name}: {value}, {actual[$"val_{name}"]}");
    }

    /// <summary>Outputs and targets in batches of these sizes.</summary>
    private sealed class Rows(Tensor outputs, Tensor targets, params int[] sizes) : IBatchSource<(Tensor Outputs, Tensor Targets)>
    {
        public long? BatchesPerEpoch => sizes.Length;

        public IReadOnlyDictionary<string, string> Description { get; } = new Dictionary<string, string>();

        public async IAsyncEnumerable<(Tensor Outputs, Tensor Targets)> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            int row = 0;
            foreach (int size in sizes)
            {
                await Task.CompletedTask;
                yield return (outputs[row..(row + size)].clone(), targets[row..(row + size)].clone());
                row += size;
            }
        }
    }
}
