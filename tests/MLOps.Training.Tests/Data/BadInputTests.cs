using System.Runtime.CompilerServices;
using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Data;

/// <summary>Loaders whose source or collate function throws, changes, or is asked for what it has not.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData(SourceKind.List, 0)]
    [InlineData(SourceKind.List, 4)]
    [InlineData(SourceKind.List, 9)]
    [InlineData(SourceKind.Sequence, 0)]
    [InlineData(SourceKind.Sequence, 4)]
    [InlineData(SourceKind.Sequence, 9)]
    [InlineData(SourceKind.AsyncSequence, 0)]
    [InlineData(SourceKind.AsyncSequence, 4)]
    [InlineData(SourceKind.AsyncSequence, 9)]
    public async Task A_batch_that_is_not_collated_throws_in_its_place_and_names_its_rows(SourceKind kind, int batch)
    {
        BatchLoader<int, int[]> loader = Reading.Loader(kind, 30, rows => rows.Contains(batch * 3 + 1) ? throw new FormatException("not a picture") : rows.ToArray(), new() { BatchSize = 3, Workers = 3 });

        (List<int[]> before, BatchFailedException error) = await Reading.UntilFailureAsync(loader, epoch: 2);

        Assert.Equal(Enumerable.Range(0, batch * 3), before.SelectMany(rows => rows));
        Assert.Equal((2, batch, (long?)null), (error.Epoch, error.Batch, error.Step));
        Assert.Equal([batch * 3, batch * 3 + 1, batch * 3 + 2], error.Rows);
        Assert.IsType<FormatException>(error.InnerException);
        Assert.Equal($"The collate function threw for rows {batch * 3}, {batch * 3 + 1}, {batch * 3 + 2} at batch {batch} of epoch 2: not a picture", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(29)]
    public async Task A_row_of_a_list_that_is_not_read_throws_in_its_place(int bad)
    {
        BatchLoader<int, int[]> loader = BatchLoader.From(new Rows(30, bad), rows => rows.ToArray(), new() { BatchSize = 3, Workers = 2 });

        (List<int[]> before, BatchFailedException error) = await Reading.UntilFailureAsync(loader, epoch: 0);

        Assert.Equal(bad / 3, before.Count);
        Assert.Equal([bad], error.Rows);
        Assert.StartsWith($"Reading row {bad} of the data source threw at batch {bad / 3} of epoch 0: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 13)]
    [InlineData(false, 29)]
    [InlineData(true, 0)]
    [InlineData(true, 13)]
    [InlineData(true, 29)]
    public async Task A_sequence_that_throws_does_so_after_the_batches_before(bool isAsync, int bad)
    {
        BatchLoaderOptions options = new() { BatchSize = 3, Workers = 3, Prefetch = 8 };
        BatchLoader<int, int[]> loader = isAsync ? BatchLoader.From(_ => FailingAsync(bad), rows => rows.ToArray(), options) : BatchLoader.From(_ => Failing(bad), rows => rows.ToArray(), options);

        (List<int[]> before, BatchFailedException error) = await Reading.UntilFailureAsync(loader, epoch: 1);

        Assert.Equal(Enumerable.Range(0, bad / 3 * 3), before.SelectMany(rows => rows));
        Assert.Equal((1, bad / 3), (error.Epoch, error.Batch));
        Assert.Equal([bad], error.Rows);
        Assert.IsType<IOException>(error.InnerException);
    }

    [Fact]
    public async Task A_sequence_that_can_not_be_begun_says_so()
    {
        (List<int> before, BatchFailedException error) = await Reading.UntilFailureAsync(BatchLoader.From<int, int>(IEnumerable<int> (_) => throw new FileNotFoundException("no such file"), rows => rows.Count), epoch: 0);

        Assert.Empty(before);
        Assert.IsType<FileNotFoundException>(error.InnerException);
        (_, error) = await Reading.UntilFailureAsync(BatchLoader.From<int, int>(IAsyncEnumerable<int> (_) => null!, rows => rows.Count), epoch: 0);
        Assert.Contains("returned null", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_failure()
    {
        (_, BatchFailedException error) = await Reading.UntilFailureAsync(BatchLoader.From([1], int (_) => throw new OperationCanceledException("a request timed out")), epoch: 0);

        Assert.IsType<OperationCanceledException>(error.InnerException);
    }

    [Fact]
    public async Task A_collate_function_that_returns_nothing_is_refused()
    {
        (_, BatchFailedException error) = await Reading.UntilFailureAsync(BatchLoader.From([1, 2], string (_) => null!), epoch: 0);

        Assert.Contains("returned null", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_of_rows_is_cut_in_the_message_only()
    {
        (_, BatchFailedException error) = await Reading.UntilFailureAsync(Reading.Loader(SourceKind.List, 200, int (_) => throw new FormatException("no"), new() { BatchSize = 200 }), epoch: 0);

        Assert.Equal(200, error.Rows.Count);
        Assert.Contains("62, 63 and 136 others at batch 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_changed_its_length_is_refused()
    {
        List<int> rows = [1, 2, 3];
        BatchLoader<int, int> loader = BatchLoader.From(rows, batch => batch.Count);
        rows.Add(4);

        Assert.Contains("had 3 rows", Assert.Throws<InvalidOperationException>(() => loader.ReadEpochAsync(0, 0, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sequence_that_is_shorter_than_what_was_used_of_it_is_refused(bool dropLast)
    {
        BatchLoader<int, int> loader = Reading.Loader(SourceKind.Sequence, 10, rows => rows.Count, new() { BatchSize = 4, DropLast = dropLast });
        int batches = dropLast ? 2 : 3;

        Assert.Empty(await Reading.AllAsync(loader, epoch: 0, firstBatch: batches));
        CheckpointMismatchException error = await Assert.ThrowsAsync<CheckpointMismatchException>(() => Reading.AllAsync(loader, epoch: 0, firstBatch: batches + 1));
        Assert.Equal("data", error.Part);
        Assert.Contains($"ends after {batches}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_position_that_is_not_in_the_data_is_refused()
    {
        BatchLoader<int, int> loader = Reading.Loader(SourceKind.List, 10, rows => rows.Count, new() { BatchSize = 5 });

        Assert.Throws<ArgumentOutOfRangeException>(() => loader.ReadEpochAsync(-1, 0, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(() => loader.ReadEpochAsync(0, -1, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(() => loader.ReadEpochAsync(0, 3, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Options_out_of_their_range_are_refused_by_name()
    {
        static string Message(BatchLoaderOptions options) => Assert.Throws<ArgumentOutOfRangeException>(() => Reading.Loader(SourceKind.List, 1, rows => rows.Count, options)).Message;

        Assert.Contains("BatchSize", Message(new() { BatchSize = 0 }), StringComparison.Ordinal);
        Assert.Contains("ShuffleBuffer", Message(new() { ShuffleBuffer = 0 }), StringComparison.Ordinal);
        Assert.Contains("Workers", Message(new() { Workers = -1 }), StringComparison.Ordinal);
        Assert.Contains("Prefetch", Message(new() { Prefetch = 0 }), StringComparison.Ordinal);
    }

    [Fact]
    public void Batches_of_another_type_are_neither_pinned_nor_moved()
    {
        Assert.Contains("Int32", Assert.Throws<ArgumentException>(() => Reading.Loader(SourceKind.List, 1, rows => rows.Count, new() { PinMemory = true })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Reading.Loader(SourceKind.List, 1, rows => rows.Count, new() { Device = CPU }));
    }

    private static IEnumerable<int> Failing(int bad)
    {
        for (int row = 0; row < 30; row++)
            yield return row == bad ? throw new IOException("the disk is gone") : row;
    }

    private static async IAsyncEnumerable<int> FailingAsync(int bad, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (int row in Failing(bad))
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    private sealed class Rows(int count, int bad) : IReadOnlyList<int>
    {
        public int Count => count;

        public int this[int index] => index == bad ? throw new IOException("the disk is gone") : index;

        public IEnumerator<int> GetEnumerator() => throw new NotSupportedException("Rows are read one by one.");

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
