using System.Runtime.CompilerServices;

namespace MLOps.Training.Tests.Data;

/// <summary>Loaders of the rows 0 … n − 1, and what is read from them, each wait bounded.</summary>
internal static class Reading
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(1);

    public static Task<T> BoundedAsync<T>(Func<Task<T>> read) => Task.Run(read, TestContext.Current.CancellationToken).WaitAsync(s_bound, TestContext.Current.CancellationToken);

    public static Task BoundedAsync(Func<Task> read) => Task.Run(read, TestContext.Current.CancellationToken).WaitAsync(s_bound, TestContext.Current.CancellationToken);

    /// <summary>Waits on a thread that may block.</summary>
    public static void Bounded(WaitHandle signal) => Assert.True(signal.WaitOne(s_bound), "Nothing came within a minute.");

    public static BatchLoader<int, TBatch> Loader<TBatch>(SourceKind kind, int rows, Func<IReadOnlyList<int>, TBatch> collate, BatchLoaderOptions options) => kind switch
    {
        SourceKind.List => BatchLoader.From((int[])[.. Enumerable.Range(0, rows)], collate, options),
        SourceKind.Sequence => BatchLoader.From(_ => Enumerable.Range(0, rows), collate, options),
        _ => BatchLoader.From(_ => RowsAsync(rows), collate, options),
    };

    public static Task<List<TBatch>> AllAsync<TBatch>(IBatchSource<TBatch> source, int epoch, long firstBatch = 0) => BoundedAsync(async () =>
    {
        List<TBatch> batches = [];
        await foreach (TBatch batch in source.ReadEpochAsync(epoch, firstBatch, TestContext.Current.CancellationToken))
            batches.Add(batch);
        return batches;
    });

    /// <summary>Reads until the reading throws.</summary>
    public static Task<(List<TBatch> Before, BatchFailedException Error)> UntilFailureAsync<TBatch>(IBatchSource<TBatch> source, int epoch, long firstBatch = 0) => BoundedAsync(async () =>
    {
        List<TBatch> batches = [];
        BatchFailedException error = await Assert.ThrowsAsync<BatchFailedException>(async () =>
        {
            await foreach (TBatch batch in source.ReadEpochAsync(epoch, firstBatch, TestContext.Current.CancellationToken))
                batches.Add(batch);
        });
        return (batches, error);
    });

    public static async IAsyncEnumerable<int> RowsAsync(int rows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (int row = 0; row < rows; row++)
        {
            // Some rows are there at once, some are not.
            if (row % 3 == 0)
                await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }
}
