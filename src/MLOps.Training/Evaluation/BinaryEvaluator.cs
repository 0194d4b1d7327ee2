using System.Globalization;
using MLOps.Tracking.Evaluation;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>The metrics of a classifier of two classes.</summary>
internal sealed class BinaryEvaluator<TBatch>(Func<TBatch, (Tensor Logits, Tensor Labels)> predict, double threshold, Func<Tensor, Tensor, Tensor>? loss)
    : TensorEvaluator<TBatch>(predict, loss ?? (static (logits, labels) => nn.functional.binary_cross_entropy_with_logits(logits, labels)))
{
    private readonly BinaryAccumulator _binary = new(threshold);
    private readonly RocAucAccumulator _rocAuc = new();

    public override void Reset()
    {
        base.Reset();
        _binary.Reset();
        _rocAuc.Reset();
    }

    protected override (Tensor Outputs, Tensor Targets, long Rows) Shape(Tensor outputs, Tensor targets) => Columns(outputs, targets);

    // An infinite logit is a certain class.
    protected override Tensor AreNumbers(Tensor outputs) => outputs.isnan().any().logical_not();

    protected override void Count(Tensor outputs, Tensor targets)
    {
        ReadOnlySpan<double> probabilities = Doubles(outputs.to(ScalarType.Float64).sigmoid(), out Tensor first), labels = Doubles(targets, out Tensor second);
        using (first)
        using (second)
        {
            for (int row = 0; row < labels.Length; row++)
            {
                if (labels[row] is not (0 or 1))
                    throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The label of row {row} is {labels[row]}, where 0 or 1 is needed."), nameof(targets));
                _binary.Add(labels[row] == 1, probabilities[row]);
                _rocAuc.Add(labels[row] == 1, probabilities[row]);
            }
        }
    }

    protected override IEnumerable<(string Name, double Value)> Metrics() =>
    [
        ("accuracy_score", _binary.Accuracy), ("precision_score", _binary.Precision), ("recall_score", _binary.Recall), ("f1_score", _binary.F1),
        ("roc_auc", _rocAuc.RocAuc), ("log_loss", _binary.LogLoss), ("brier_score", _binary.BrierScore),
    ];
}
