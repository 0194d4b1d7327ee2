using FsCheck.Xunit;

namespace MLOps.Training.Tests.Data;

public sealed class BatchLoaderTests
{
    [Property(MaxTest = 100)]
    public async Task Every_epoch_has_every_row_once_and_batches_of_one_size(SourceKind kind, byte rows, byte batchSize, bool shuffle, bool dropLast, byte buffer, byte workers)
    {
        BatchLoaderOptions options = new() { BatchSize = 1 + batchSize % 20, Shuffle = shuffle, DropLast = dropLast, ShuffleBuffer = 1 + buffer % 70, Workers = 1 + workers % 4 };
        BatchLoader<int, int[]> loader = Reading.Loader(kind, rows, batch => batch.ToArray(), options);

        for (int epoch = 0; epoch < 2; epoch++)
        {
            List<int[]> batches = await Reading.AllAsync(loader, epoch);

            int expected = dropLast ? rows / options.BatchSize * options.BatchSize : rows;
            int[] read = [.. batches.SelectMany(batch => batch)];
            Assert.Equal(expected, read.Length);
            Assert.Equal(expected, read.Distinct().Count(row => row >= 0 && row < rows));
            Assert.All(batches.SkipLast(1), batch => Assert.Equal(options.BatchSize, batch.Length));
            if (!shuffle)
                Assert.Equal(Enumerable.Range(0, expected), read);
            if (kind == SourceKind.List)
                Assert.Equal(batches.Count, loader.BatchesPerEpoch);
        }
    }

    [Property(MaxTest = 150)]
    public async Task A_reading_from_any_batch_on_is_the_tail_of_the_whole(SourceKind kind, byte rows, byte batchSize, byte first, bool shuffle, bool dropLast, byte buffer, (byte Workers, byte Prefetch) whole, (byte Workers, byte Prefetch) tail)
    {
        BatchLoaderOptions Options((byte Workers, byte Prefetch) speed) => new()
        {
            BatchSize = 1 + batchSize % 20,
            Shuffle = shuffle,
            Seed = batchSize,
            DropLast = dropLast,
            ShuffleBuffer = 1 + buffer % 70,
            Workers = 1 + speed.Workers % 5,
            Prefetch = 1 + speed.Prefetch % 7,
        };
        List<int[]> all = await Reading.AllAsync(Reading.Loader(kind, rows, batch => batch.ToArray(), Options(whole)), epoch: 3);
        int firstBatch = first % (all.Count + 1);

        List<int[]> rest = await Reading.AllAsync(Reading.Loader(kind, rows, batch => batch.ToArray(), Options(tail)), epoch: 3, firstBatch);

        Assert.Equal(all.Skip(firstBatch), rest);
    }

    [Theory]
    [InlineData(SourceKind.List)]
    [InlineData(SourceKind.Sequence)]
    [InlineData(SourceKind.AsyncSequence)]
    public async Task Seed_and_epoch_decide_the_order(SourceKind kind)
    {
        async Task<int[]> ReadAsync(long seed, int epoch) =>
            [.. (await Reading.AllAsync(Reading.Loader(kind, 200, batch => batch.ToArray(), new() { Shuffle = true, Seed = seed, ShuffleBuffer = 50 }), epoch)).SelectMany(batch => batch)];

        int[] order = await ReadAsync(1, 0);

        Assert.Equal(order, await ReadAsync(1, 0));
        Assert.NotEqual(order, await ReadAsync(1, 1));
        Assert.NotEqual(order, await ReadAsync(2, 0));
        Assert.NotEqual(order, order.Order());
    }

    /// <summary>Recomputed outside of .NET from the description, as the order of a list.</summary>
    [Fact]
    public async Task What_comes_out_of_a_shuffle_buffer_never_changes()
    {
        BatchLoaderOptions options = new() { BatchSize = 5, Shuffle = true, Seed = 9, ShuffleBuffer = 4 };

        List<int[]> batches = await Reading.AllAsync(Reading.Loader(SourceKind.Sequence, 12, batch => batch.ToArray(), options), epoch: 2);

        Assert.Equal([[0, 2, 1, 4, 3], [6, 8, 10, 11, 5], [9, 7]], batches);
    }

    [Fact]
    public async Task A_row_leaves_the_shuffle_buffer_at_most_its_size_early()
    {
        const int Buffer = 25;
        int[] order = [.. (await Reading.AllAsync(Reading.Loader(SourceKind.Sequence, 2_000, batch => batch.ToArray(), new() { Shuffle = true, ShuffleBuffer = Buffer }), 0)).SelectMany(batch => batch)];

        Assert.All(order.Index(), place => Assert.True(place.Item - place.Index < Buffer, $"row {place.Item} at {place.Index}"));
        Assert.Contains(order.Index(), place => place.Item - place.Index > Buffer / 2);
    }

    [Fact]
    public async Task The_epoch_is_told_to_the_sequence()
    {
        BatchLoader<int, int[]> loader = BatchLoader.From(epoch => Enumerable.Repeat(epoch, 3), rows => rows.ToArray());

        List<int[]> batches = await Reading.AllAsync(loader, epoch: 4);

        Assert.Equal([4, 4, 4], Assert.Single(batches));
    }

    [Theory]
    [InlineData(SourceKind.List)]
    [InlineData(SourceKind.Sequence)]
    [InlineData(SourceKind.AsyncSequence)]
    public async Task An_empty_source_has_empty_epochs(SourceKind kind)
    {
        Assert.Empty(await Reading.AllAsync(Reading.Loader(kind, 0, rows => rows.ToArray(), new() { Shuffle = true }), 0));
        Assert.Empty(await Reading.AllAsync(Reading.Loader(kind, 7, rows => rows.ToArray(), new() { BatchSize = 8, DropLast = true }), 0));
    }

    [Fact]
    public async Task Passed_batches_of_a_list_are_not_read()
    {
        ReadRows rows = new(100);
        await Reading.AllAsync(BatchLoader.From(rows, batch => batch.Count, new() { BatchSize = 10, Shuffle = true }), epoch: 0, firstBatch: 7);

        Assert.Equal(30, rows.Reads);
    }

    [Fact]
    public async Task Batches_come_in_order_though_a_later_one_is_done_first()
    {
        using ManualResetEvent second = new(false);
        BatchLoader<int, int> loader = BatchLoader.From([0, 1, 2], rows =>
        {
            if (rows[0] == 0)
                Reading.Bounded(second);
            else
                second.Set();
            return rows[0];
        }, new() { BatchSize = 1, Workers = 2 });

        List<int> batches = await Reading.AllAsync(loader, 0);

        Assert.Equal([0, 1, 2], batches);
    }

    [Fact]
    public async Task As_many_batches_are_collated_at_once_as_there_are_workers()
    {
        using Barrier together = new(3);
        int running = 0, most = 0;
        BatchLoader<int, bool> loader = BatchLoader.From((int[])[.. Enumerable.Range(0, 30)], _ =>
        {
            int now = Interlocked.Increment(ref running);
            lock (together)
                most = Math.Max(most, now);
            bool met = together.SignalAndWait(TimeSpan.FromMinutes(1));
            Interlocked.Decrement(ref running);
            return met;
        }, new() { BatchSize = 1, Workers = 3, Prefetch = 5 });

        Assert.All(await Reading.AllAsync(loader, 0), Assert.True);
        Assert.Equal(3, most);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 6)]
    public async Task No_more_batches_are_made_ahead_than_asked_for(int workers, int prefetch)
    {
        int started = 0, taken = 0, most = 0;
        using SemaphoreSlim ahead = new(0);
        BatchLoader<int, int> loader = BatchLoader.From((int[])[.. Enumerable.Range(0, 100)], rows =>
        {
            // One more than the channel holds is in the hands of the reading, which waits for it.
            int lead = Interlocked.Increment(ref started) - Volatile.Read(ref taken);
            lock (ahead)
                most = Math.Max(most, lead);
            ahead.Release();
            return rows[0];
        }, new() { BatchSize = 1, Workers = workers, Prefetch = prefetch });

        await Reading.BoundedAsync(async () =>
        {
            await foreach (int batch in loader.ReadEpochAsync(0, 0, TestContext.Current.CancellationToken))
            {
                taken++;
                // Held until all that may be ahead is: batches are made while nobody asks.
                if (batch == 10)
                {
                    while (Volatile.Read(ref started) < 11 + prefetch)
                        await ahead.WaitAsync(TestContext.Current.CancellationToken);
                }
            }
        });

        Assert.Equal(100, taken);
        Assert.InRange(most, prefetch, prefetch + 1);
    }

    [Theory]
    [InlineData(SourceKind.List)]
    [InlineData(SourceKind.Sequence)]
    [InlineData(SourceKind.AsyncSequence)]
    public async Task Two_readings_at_once_know_nothing_of_each_other(SourceKind kind)
    {
        BatchLoader<int, int[]> loader = Reading.Loader(kind, 90, rows => rows.ToArray(), new() { BatchSize = 7, Shuffle = true, ShuffleBuffer = 20, Workers = 2, Prefetch = 2 });
        List<int[]> first = await Reading.AllAsync(loader, 0), second = await Reading.AllAsync(loader, 1);

        List<(int[] First, int[] Second)> both = await Reading.BoundedAsync(async () =>
        {
            List<(int[], int[])> pairs = [];
            await using IAsyncEnumerator<int[]> other = loader.ReadEpochAsync(1, 0, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
            await foreach (int[] batch in loader.ReadEpochAsync(0, 0, TestContext.Current.CancellationToken))
            {
                Assert.True(await other.MoveNextAsync());
                pairs.Add((batch, other.Current));
            }

            return pairs;
        });

        Assert.Equal(first, both.Select(pair => pair.First));
        Assert.Equal(second, both.Select(pair => pair.Second));
    }

    [Fact]
    public void The_description_says_what_decides_the_order_and_nothing_else()
    {
        BatchLoaderOptions options = new() { BatchSize = 16, Shuffle = true, Seed = 7, ShuffleBuffer = 100, Workers = 3, Prefetch = 9 };

        Assert.Equal(
            new Dictionary<string, string> { ["rows"] = "50", ["batch-size"] = "16", ["drop-last"] = "no", ["shuffle"] = "all", ["shuffle-seed"] = "7" },
            Reading.Loader(SourceKind.List, 50, rows => rows.Count, options).Description.ToDictionary());
        Assert.Equal(
            new Dictionary<string, string> { ["batch-size"] = "16", ["drop-last"] = "no", ["shuffle"] = "buffer", ["shuffle-seed"] = "7", ["shuffle-buffer"] = "100" },
            Reading.Loader(SourceKind.Sequence, 50, rows => rows.Count, options).Description.ToDictionary());
        (options.Shuffle, options.DropLast) = (false, true);
        Assert.Equal(
            new Dictionary<string, string> { ["batch-size"] = "16", ["drop-last"] = "yes", ["shuffle"] = "no" },
            Reading.Loader(SourceKind.AsyncSequence, 50, rows => rows.Count, options).Description.ToDictionary());
    }

    [Fact]
    public async Task Options_are_read_when_the_loader_is_made()
    {
        BatchLoaderOptions options = new() { BatchSize = 2 };
        BatchLoader<int, int> loader = Reading.Loader(SourceKind.List, 6, rows => rows.Count, options);
        options.BatchSize = 6;

        List<int> batches = await Reading.AllAsync(loader, 0);

        Assert.Equal([2, 2, 2], batches);
    }

    private sealed class ReadRows(int count) : IReadOnlyList<int>
    {
        private int _reads;

        public int Reads => _reads;

        public int Count => count;

        public int this[int index]
        {
            get
            {
                Interlocked.Increment(ref _reads);
                return index;
            }
        }

        public IEnumerator<int> GetEnumerator() => throw new NotSupportedException("Rows are read one by one.");

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
