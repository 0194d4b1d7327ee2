using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>The same batches in every epoch: inputs (rows, 4) and targets (rows, 1) of a linear law.</summary>
internal sealed class FixedBatches(int batches, int rows = 8) : IBatchSource<(Tensor Inputs, Tensor Targets)>
{
    public long? BatchesPerEpoch => batches;

    public IReadOnlyDictionary<string, string> Description => new Dictionary<string, string> { ["batches"] = $"{batches}" };

    public async IAsyncEnumerable<(Tensor Inputs, Tensor Targets)> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (long batch = firstBatch; batch < batches; batch++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            Random random = new(checked((int)batch));
            float[] x = [.. Enumerable.Range(0, rows * 4).Select(_ => random.NextSingle() - 0.5f)];
            float[] y = [.. Enumerable.Range(0, rows).Select(row => x[row * 4] - 2 * x[row * 4 + 1] + 0.5f * x[row * 4 + 3])];
            yield return (tensor(x, [rows, 4]), tensor(y, [rows, 1]));
        }
    }
}
