using FsCheck.Xunit;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Data;

/// <summary>However a reading ends, no tensor and no work outlives it.</summary>
[Collection("torch")]
public sealed class StopTests
{
    [Theory]
    [InlineData(SourceKind.List)]
    [InlineData(SourceKind.Sequence)]
    [InlineData(SourceKind.AsyncSequence)]
    public async Task A_cancelled_reading_waits_for_what_is_collated_and_leaves_nothing(SourceKind kind)
    {
        long before = CountTensors();
        using CancellationTokenSource stopping = new();
        using ManualResetEvent gate = new(false);
        using SemaphoreSlim blocked = new(0);
        int running = 0;
        BatchLoader<int, TensorBatch> loader = Reading.Loader(kind, 1_000, rows =>
        {
            Interlocked.Increment(ref running);
            if (rows[0] >= 50)
            {
                blocked.Release();
                Reading.Bounded(gate);
            }

            TensorBatch batch = Batch(rows);
            Interlocked.Decrement(ref running);
            return batch;
        }, new() { BatchSize = 10, Workers = 3, Prefetch = 7 });

        await Reading.BoundedAsync(async () =>
        {
            await using IAsyncEnumerator<TensorBatch> batches = loader.ReadEpochAsync(0, 0, stopping.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
            for (int i = 0; i < 5; i++)
            {
                Assert.True(await batches.MoveNextAsync());
                batches.Current.Dispose();
            }

            // The sixth is being collated, and two more.
            Task<bool> sixth = batches.MoveNextAsync().AsTask();
            for (int i = 0; i < 3; i++)
                await blocked.WaitAsync(TestContext.Current.CancellationToken);
            await stopping.CancelAsync();
            Assert.False(sixth.IsCompleted);
            gate.Set();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sixth);
        });

        Assert.Equal(0, running);
        Assert.Equal(before, CountTensors());
    }

    [Fact]
    public async Task A_reading_that_is_cancelled_before_it_begins_starts_nothing()
    {
        int collated = 0;
        BatchLoader<int, int> loader = BatchLoader.From([1, 2], _ => Interlocked.Increment(ref collated));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (int batch in loader.ReadEpochAsync(0, 0, new CancellationToken(canceled: true)))
                Assert.Fail($"batch {batch}");
        });
        Assert.Equal(0, collated);
    }

    [Property(MaxTest = 40)]
    public async Task A_consumer_that_stops_early_leaves_nothing(SourceKind kind, byte rows, byte take, byte workers, byte prefetch, bool shuffle)
    {
        long before = CountTensors();
        BatchLoader<int, TensorBatch> loader = Reading.Loader(kind, rows, Batch, new() { BatchSize = 4, Shuffle = shuffle, ShuffleBuffer = 9, Workers = 1 + workers % 4, Prefetch = 1 + prefetch % 9 });

        await Reading.BoundedAsync(async () =>
        {
            int taken = 0;
            await foreach (TensorBatch batch in loader.ReadEpochAsync(0, 0, TestContext.Current.CancellationToken))
            {
                batch.Dispose();
                if (++taken > take % 20)
                    break;
            }
        });

        Assert.Equal(before, CountTensors());
    }

    [Fact]
    public async Task Batches_behind_one_that_failed_are_disposed()
    {
        long before = CountTensors();
        using CountdownEvent behind = new(5);
        BatchLoader<int, TensorBatch> loader = Reading.Loader(SourceKind.List, 60, rows =>
        {
            if (rows[0] == 0)
            {
                Reading.Bounded(behind.WaitHandle);
                throw new FormatException("the first");
            }

            TensorBatch batch = Batch(rows);
            if (!behind.IsSet)
                behind.Signal();
            return batch;
        }, new() { BatchSize = 10, Workers = 2, Prefetch = 6 });

        (List<TensorBatch> none, _) = await Reading.UntilFailureAsync(loader, epoch: 0);

        Assert.Empty(none);
        Assert.Equal(before, CountTensors());
    }

    [Fact]
    public async Task A_sequence_is_disposed_when_its_reading_stops()
    {
        bool isDisposed = false;
        IEnumerable<int> Endless()
        {
            try
            {
                for (int row = 0; ; row++)
                    yield return row;
            }
            finally
            {
                isDisposed = true;
            }
        }

        await Reading.BoundedAsync(async () =>
        {
            await foreach (int batch in BatchLoader.From(_ => Endless(), rows => rows.Count).ReadEpochAsync(0, 0, TestContext.Current.CancellationToken))
                break;
        });

        Assert.True(isDisposed);
    }

    [Fact]
    public async Task A_dispose_scope_of_the_consumer_takes_no_batch_with_it()
    {
        BatchLoader<int, TensorBatch> loader = Reading.Loader(SourceKind.List, 40, Batch, new() { BatchSize = 10, Workers = 2 });

        // On one thread, as a trainer: scopes belong to threads.
        await Task.Factory.StartNew(() =>
        {
            List<TensorBatch> batches = [];
            using (NewDisposeScope())
            {
                using BatchReader<TensorBatch> reader = new(loader, 0, 0, TestContext.Current.CancellationToken);
                while (reader.MoveNext(0))
                    batches.Add(reader.Current);
            }

            Assert.Equal(4, batches.Count);
            foreach (TensorBatch batch in batches)
            {
                Assert.False(batch.Inputs.IsInvalid);
                batch.Dispose();
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    private static TensorBatch Batch(IReadOnlyList<int> rows) => new(ones(rows.Count, 8), zeros(rows.Count));

    /// <summary>Those that are alive, after what earlier tests forgot has been finalised.</summary>
    private static long CountTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
