using MLOps.Tracking.Evaluation;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>The metrics of a regression.</summary>
internal sealed class RegressionEvaluator<TBatch>(Func<TBatch, (Tensor Predictions, Tensor Targets)> predict, Func<Tensor, Tensor, Tensor>? loss)
    : TensorEvaluator<TBatch>(predict, loss ?? (static (predictions, targets) => nn.functional.mse_loss(predictions, targets)))
{
    private readonly RegressionAccumulator _sums = new();

    public override void Reset()
    {
        base.Reset();
        _sums.Reset();
    }

    protected override (Tensor Outputs, Tensor Targets, long Rows) Shape(Tensor outputs, Tensor targets) => Columns(outputs, targets);

    protected override void Count(Tensor outputs, Tensor targets)
    {
        ReadOnlySpan<double> predictions = Doubles(outputs, out Tensor first), actual = Doubles(targets, out Tensor second);
        using (first)
        using (second)
            _sums.Add(actual, predictions);
    }

    protected override IEnumerable<(string Name, double Value)> Metrics() =>
    [
        ("mean_squared_error", _sums.MeanSquaredError), ("root_mean_squared_error", _sums.RootMeanSquaredError),
        ("mean_absolute_error", _sums.MeanAbsoluteError), ("r2_score", _sums.RSquared),
    ];
}
