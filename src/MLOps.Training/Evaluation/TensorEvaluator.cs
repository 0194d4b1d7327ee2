using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What the evaluators of tensors share: the mean loss, and what becomes of outputs that are no numbers.</summary>
internal abstract class TensorEvaluator<TBatch>(Func<TBatch, (Tensor Outputs, Tensor Targets)> predict, Func<Tensor, Tensor, Tensor> loss) : IEvaluator<TBatch>
{
    private readonly Func<TBatch, (Tensor Outputs, Tensor Targets)> _predict = predict ?? throw new ArgumentNullException(nameof(predict));
    private double _loss;

    /// <summary>How many rows were added.</summary>
    protected long Rows { get; private set; }

    /// <summary>Whether every output so far was a number; else there are no metrics.</summary>
    protected bool IsDefined { get; private set; }

    public virtual void Reset() => (_loss, Rows, IsDefined) = (0, 0, true);

    public void Add(TBatch batch)
    {
        (Tensor outputs, Tensor targets) = _predict(batch);
        if (outputs is null || targets is null)
            throw new ArgumentException("The prediction of the batch, or its targets, are null.", nameof(batch));
        (outputs, targets, long rows) = Shape(outputs, targets);
        if (rows == 0)
            return;
        Rows += rows;
        _loss += rows * loss(outputs, targets).to(float64).item<double>();
        IsDefined = IsDefined && AreNumbers(outputs).item<bool>();
        if (IsDefined)
            Count(outputs, targets);
    }

    public IReadOnlyDictionary<string, double> GetResults()
    {
        Dictionary<string, double> results = new(StringComparer.Ordinal) { ["loss"] = Rows == 0 ? double.NaN : _loss / Rows, ["example_count"] = Rows };
        foreach ((string name, double value) in Metrics())
            results[name] = IsDefined ? value : double.NaN;
        return results;
    }

    /// <summary>Checks the tensors and brings them into the shape that loss and count want.</summary>
    protected abstract (Tensor Outputs, Tensor Targets, long Rows) Shape(Tensor outputs, Tensor targets);

    /// <summary>Whether outputs can be counted, as one bool.</summary>
    protected virtual Tensor AreNumbers(Tensor outputs) => outputs.isfinite().all();

    protected abstract void Count(Tensor outputs, Tensor targets);

    protected abstract IEnumerable<(string Name, double Value)> Metrics();

    /// <summary>Both as one column of float32 or wider.</summary>
    protected static (Tensor Outputs, Tensor Targets, long Rows) Columns(Tensor outputs, Tensor targets)
    {
        long rows = outputs.numel();
        if (targets.numel() != rows)
            throw new ArgumentException($"The outputs, [{string.Join(", ", outputs.shape)}], and the targets, [{string.Join(", ", targets.shape)}], have different numbers of elements.", nameof(targets));
        ScalarType type = outputs.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        return (outputs.to(type).flatten(), targets.to(type).to(outputs.device).flatten(), rows);
    }

    /// <summary>The elements of a tensor as float64 on the host. Lives as long as <paramref name="host"/>.</summary>
    protected static ReadOnlySpan<double> Doubles(Tensor tensor, out Tensor host)
    {
        host = tensor.to(ScalarType.Float64).cpu().contiguous();
        return MemoryMarshal.Cast<byte, double>(host.bytes);
    }
}
