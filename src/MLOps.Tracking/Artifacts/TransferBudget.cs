namespace MLOps.Tracking.Artifacts;

/// <summary>How many files are under way at once: many small ones, or one large one, which its store moves in several parts at once. So the memory of a transfer has one bound whatever its files are.</summary>
internal static class TransferBudget
{
    private const int FilesAtOnce = 16;
    private const long BytesAtOnce = 32 << 20;

    /// <summary>Runs <paramref name="transfer"/> for each index, in order, and ends when all have ended. The first failure cancels the others and is raised.</summary>
    public static async Task ForEachAsync(int count, Func<int, long> sizeOf, Func<int, CancellationToken, Task> transfer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Dictionary<Task, long> running = [];
        long bytes = 0;
        Exception? failure = null;
        for (int i = 0; i < count || running.Count > 0;)
        {
            long size = i < count ? Math.Min(sizeOf(i), BytesAtOnce) : 0;
            bool mayBegin = i < count && failure is null && !cancellationToken.IsCancellationRequested;
            if (mayBegin && running.Count < FilesAtOnce && (running.Count == 0 || bytes + size <= BytesAtOnce))
            {
                int index = i++;
                bytes += size;
                running.Add(Task.Run(() => transfer(index, stop.Token), CancellationToken.None), size);
                continue;
            }

            if (running.Count == 0)
                break;
            Task ended = await Task.WhenAny(running.Keys).ConfigureAwait(false);
            running.Remove(ended, out long freed);
            bytes -= freed;
            if (!ended.IsCompletedSuccessfully && (failure is null || (failure is OperationCanceledException && ended.IsFaulted)))
            {
                failure = ended.Exception?.InnerException ?? new OperationCanceledException(cancellationToken);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }
}
