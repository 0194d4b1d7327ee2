using System.Runtime.InteropServices;
using MLOps.Tracking.Evaluation;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Cross entropy, accuracy and, unless there are very many classes, what follows from the confusion matrix.</summary>
internal sealed class ClassificationEvaluator<TBatch>(Func<TBatch, (Tensor Logits, Tensor Classes)> predict, Func<Tensor, Tensor, Tensor>? loss)
    : TensorEvaluator<TBatch>(predict, loss ?? (static (logits, classes) => nn.functional.cross_entropy(logits, classes)))
{
    /// <summary>A matrix takes 16 bytes for each pair of classes: 16 MB here.</summary>
    private const int MostClassesOfMatrix = 1000;

    /// <summary>PyTorch's default for rows that do not count.</summary>
    private const long Ignored = -100;

    private ConfusionMatrix? _matrix;
    private long _classes;
    private long _right;

    public override void Reset()
    {
        base.Reset();
        _matrix?.Reset();
        _right = 0;
    }

    protected override (Tensor Outputs, Tensor Targets, long Rows) Shape(Tensor outputs, Tensor targets)
    {
        if (!outputs.is_floating_point() || outputs.dim() < 2)
            throw new ArgumentException($"The logits are a {outputs.dtype} of shape [{string.Join(", ", outputs.shape)}], where floats of shape (rows, classes) are needed.", nameof(outputs));
        if (!is_integral(targets))
            throw new ArgumentException($"The classes are a {targets.dtype}, where whole numbers are needed, the number of each row's class from 0.", nameof(targets));
        long classes = outputs.shape[1];
        long rows = classes == 0 ? 0 : outputs.numel() / classes;
        if (targets.numel() != rows)
            throw new ArgumentException($"The logits, [{string.Join(", ", outputs.shape)}], are of {rows} rows, and the classes, [{string.Join(", ", targets.shape)}], of {targets.numel()}.", nameof(targets));
        if (_classes != 0 && classes != _classes)
            throw new ArgumentException($"The logits have {classes} classes; those of earlier batches had {_classes}.", nameof(outputs));
        _classes = classes;
        // Classes behind, rows of all dimensions before.
        Tensor logits = outputs.dim() == 2 ? outputs : outputs.movedim([1], [-1]).reshape(-1, classes);
        Tensor actual = targets.to(ScalarType.Int64).to(outputs.device).flatten();
        return (logits.dtype is ScalarType.Float64 ? logits : logits.to(ScalarType.Float32), actual, rows - actual.eq(Ignored).sum().item<long>());
    }

    protected override Tensor AreNumbers(Tensor outputs) => outputs.isnan().any().logical_not();

    protected override void Count(Tensor outputs, Tensor targets)
    {
        if (_matrix is null && _classes <= MostClassesOfMatrix)
            _matrix = new((int)_classes);
        using Tensor actual = targets.cpu().contiguous(), predicted = outputs.argmax(1).cpu().contiguous();
        ReadOnlySpan<long> rows = MemoryMarshal.Cast<byte, long>(actual.bytes), guesses = MemoryMarshal.Cast<byte, long>(predicted.bytes);
        for (int row = 0; row < rows.Length; row++)
        {
            if (rows[row] == Ignored)
                continue;
            if (rows[row] == guesses[row])
                _right++;
            _matrix?.Add(checked((int)rows[row]), (int)guesses[row]);
        }
    }

    protected override IEnumerable<(string Name, double Value)> Metrics()
    {
        if (_matrix is null || _matrix.Rows == 0)
            return [("accuracy_score", Rows == 0 ? double.NaN : (double)_right / Rows)];
        return ModelEvaluation.Multiclass(_matrix).Metrics.Where(metric => metric.Key != "example_count").Select(metric => (metric.Key, metric.Value));
    }
}
