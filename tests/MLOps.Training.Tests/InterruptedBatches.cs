using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>The batches of <see cref="FixedBatches"/>, with something done before a batch is given: a throw, a wait.</summary>
internal sealed class InterruptedBatches(int batches, Func<int, long, CancellationToken, Task> before) : IBatchSource<(Tensor Inputs, Tensor Targets)>
{
    private readonly FixedBatches _inner = new(batches);

    /// <summary>How many batches were given.</summary>
    public int Given { get; private set; }

    public long? BatchesPerEpoch => _inner.BatchesPerEpoch;

    public IReadOnlyDictionary<string, string> Description => _inner.Description;

    public async IAsyncEnumerable<(Tensor Inputs, Tensor Targets)> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long batch = firstBatch;
        await before(epoch, batch, cancellationToken);
        await foreach ((Tensor Inputs, Tensor Targets) each in _inner.ReadEpochAsync(epoch, firstBatch, cancellationToken))
        {
            Given++;
            yield return each;
            await before(epoch, ++batch, cancellationToken);
        }
    }
}
