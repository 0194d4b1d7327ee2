using System.Security.Cryptography;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Data;

/// <summary>Loaders as a trainer uses them.</summary>
[Collection("torch")]
public sealed class TrainingOnLoadersTests
{
    [Theory]
    [InlineData(SourceKind.List)]
    [InlineData(SourceKind.Sequence)]
    [InlineData(SourceKind.AsyncSequence)]
    public async Task A_training_that_was_stopped_in_an_epoch_goes_on_with_the_next_batch(SourceKind kind)
    {
        TrainingLength whole = TrainingLength.Epochs(3), part = TrainingLength.Steps(11);
        using Training straight = new(kind), stopped = new(kind), resumed = new(kind);
        await straight.Trainer.RunAsync(whole, TestContext.Current.CancellationToken);
        await stopped.Trainer.RunAsync(part, TestContext.Current.CancellationToken);

        resumed.Trainer.LoadState(stopped.Trainer.SaveState());
        TrainingOutcome outcome = await resumed.Trainer.RunAsync(whole, TestContext.Current.CancellationToken);

        Assert.Equal(new TrainingPosition(24, 3, 0, 24), outcome.Position);
        Assert.Equal(straight.Hash(), resumed.Hash());
        Assert.NotEqual(straight.Hash(), stopped.Hash());
    }

    [Fact]
    public async Task A_training_does_not_go_on_in_another_order()
    {
        using Training stopped = new(SourceKind.List), other = new(SourceKind.List, seed: 2);
        await stopped.Trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken);

        CheckpointMismatchException error = Assert.Throws<CheckpointMismatchException>(() => other.Trainer.LoadState(stopped.Trainer.SaveState()));

        Assert.Contains("shuffle-seed = 1, this training has shuffle-seed = 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_fails_ends_the_training_after_the_step_before()
    {
        using Training training = new(SourceKind.List, collate: rows => rows.Contains(7) ? throw new FormatException("not a row") : Training.Collate(rows));

        BatchFailedException error = await Assert.ThrowsAsync<BatchFailedException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), TestContext.Current.CancellationToken));

        Assert.Contains(7, error.Rows);
        Assert.Equal(training.Trainer.Position.Batch, error.Batch);
    }

    [Fact]
    public async Task A_source_of_ones_own_that_throws_is_told_by_the_batch_that_was_due()
    {
        using Training training = new(new ThirdFails());

        BatchFailedException error = await Assert.ThrowsAsync<BatchFailedException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), TestContext.Current.CancellationToken));

        Assert.Equal((0, 2L, 2L), (error.Epoch, error.Batch, training.Trainer.Position.Step));
    }

    [Fact]
    public async Task An_empty_source_is_refused_by_the_trainer()
    {
        using Training training = new(Reading.Loader(SourceKind.Sequence, 0, Training.Collate, new()));

        await Assert.ThrowsAsync<NoDataException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_training_that_is_stopped_leaves_no_batch()
    {
        using Training training = new(SourceKind.List);
        await training.Trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        await training.Trainer.RunAsync(TrainingLength.Steps(13), TestContext.Current.CancellationToken);

        Assert.Equal(before, Tensor.TotalCount);
    }

    /// <summary>A small model with dropout on 64 rows in batches of 8, shuffled.</summary>
    private sealed class Training : IDisposable
    {
        private readonly nn.Module<Tensor, Tensor> _module;
        private readonly FlatModel _model;
        private readonly PlainSgd _optimizer;

        public Training(SourceKind kind, long seed = 1, Func<IReadOnlyList<int>, TensorBatch>? collate = null)
            : this(Reading.Loader(kind, 64, collate ?? Collate, new() { BatchSize = 8, Shuffle = true, Seed = seed, ShuffleBuffer = 20, Workers = 2 }))
        {
        }

        public Training(IBatchSource<TensorBatch> data)
        {
            manual_seed(4);
            _module = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 1));
            _model = new(_module);
            _optimizer = new(_model, 0.05);
            Trainer = new(_model, _optimizer, data, batch => nn.functional.mse_loss(_module.call(batch.Inputs), batch.Targets));
        }

        public Trainer<TensorBatch> Trainer { get; }

        public static TensorBatch Collate(IReadOnlyList<int> rows) => new(
            tensor(rows.SelectMany(row => (float[])[row / 64f, row % 7 / 7f, row % 5 / 5f, 1]).ToArray(), [rows.Count, 4]),
            tensor(rows.Select(row => MathF.Sin(row)).ToArray(), [rows.Count, 1]));

        public string Hash() => Convert.ToHexString(SHA256.HashData(_model.Buffers[0].Parameters.bytes));

        public void Dispose()
        {
            _optimizer.Dispose();
            _model.Dispose();
            _module.Dispose();
        }
    }

    private sealed class ThirdFails : IBatchSource<TensorBatch>
    {
        public long? BatchesPerEpoch => null;

        public IReadOnlyDictionary<string, string> Description { get; } = new Dictionary<string, string>();

        public async IAsyncEnumerable<TensorBatch> ReadEpochAsync(int epoch, long firstBatch, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            for (int batch = 0; batch < 5; batch++)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                yield return batch == 2 ? throw new IOException("gone") : Training.Collate([batch, batch + 1]);
            }
        }
    }
}
