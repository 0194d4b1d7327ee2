using System.Runtime.CompilerServices;
using MLOps.Training;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The numbers of batches that lie in memory: a batch that is no tensor is not disposed after its step.</summary>
internal sealed class TrainBatchNumbers(int batches) : IBatchSource<int>
{
    public long? BatchesPerEpoch => batches;

    public IReadOnlyDictionary<string, string> Description { get; } = new Dictionary<string, string>();

    public async IAsyncEnumerable<int> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        for (int batch = (int)firstBatch; batch < batches; batch++)
            yield return batch;
    }
}
