using System.Diagnostics;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Connections;

/// <content>Writing. Writes that have come while others were at work share one transaction, and each is answered when that is committed. When one of them comes to nothing, they are done again one by one.</content>
internal sealed partial class Database
{
    private const int MostTogether = 512;
    private static readonly TimeSpan s_longestTogether = TimeSpan.FromMilliseconds(20);

    private readonly Queue<PendingWrite> _waiting = [];
    private bool _isWriting;

    /// <summary>Does something in a write transaction. Work that ends the transaction itself is not committed. It may be done twice, the first time without effect.</summary>
    public ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<T>(cancellationToken);
        PendingWrite<T> write = new(work, cancellationToken);
        bool starts;
        lock (_waiting)
        {
            _waiting.Enqueue(write);
            starts = !_isWriting;
            _isWriting = true;
        }

        if (starts)
            ThreadPool.UnsafeQueueUserWorkItem(static database => _ = database.WriteWaitingAsync(), this, preferLocal: false);
        return new ValueTask<T>(write.Task);
    }

    private async Task WriteWaitingAsync()
    {
        List<PendingWrite> together = [];
        while (HasWaiting())
        {
            await _gate.EnterAsync(CancellationToken.None).ConfigureAwait(false);
            try
            {
                await WriteTogetherAsync(together).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // Nobody may wait for ever because of what nobody thought of.
                foreach (PendingWrite write in together)
                    write.Failure ??= error;
                _writer?.Dispose();
                _writer = null;
            }
            finally
            {
                _gate.Leave();
            }

            foreach (PendingWrite write in together)
                write.Complete();
            together.Clear();
        }
    }

    private bool HasWaiting()
    {
        lock (_waiting)
            return _isWriting = _waiting.Count > 0;
    }

    private async ValueTask WriteTogetherAsync(List<PendingWrite> together)
    {
        int before;
        lock (_waiting)
            before = _waiting.Count;
        Session writer;
        try
        {
            writer = await BeginAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            while (before-- > 0 && TakeNext(out bool wasCancelled) is { } write)
            {
                if (wasCancelled)
                    continue;
                write.Failure = error;
                together.Add(write);
            }

            return;
        }

        if (!TryWriteTogether(writer, together))
        {
            // One of them was refused, or the disk failed it or their commit. Each for itself, they learn what becomes of them.
            foreach (PendingWrite write in together)
                await WriteAloneAsync(write).ConfigureAwait(false);
        }
    }

    /// <returns>Whether they are committed, or there was but one, which has failed; otherwise nothing of any is in the file.</returns>
    private bool TryWriteTogether(Session writer, List<PendingWrite> together)
    {
        long began = Stopwatch.GetTimestamp();
        while (together.Count < MostTogether && Stopwatch.GetElapsedTime(began) < s_longestTogether && TakeNext(out bool wasCancelled) is { } write)
        {
            if (wasCancelled)
                continue;
            together.Add(write);
            try
            {
                write.Run(writer);
            }
            catch (Exception error)
            {
                Abandon(writer, error);
                write.Failure = Explain(error);
            }

            // It failed, or took back what it had done: with the transaction went what those before it had done.
            if (write.Failure is not null || !writer.Connection.InTransaction)
                return together.Count == 1;
        }

        return TryCommit(writer);
    }

    private bool TryCommit(Session writer)
    {
        try
        {
            writer.Commit();
            return true;
        }
        catch (SqliteErrorException error)
        {
            Abandon(writer, error);
            return false;
        }
    }

    private async ValueTask WriteAloneAsync(PendingWrite write)
    {
        write.Failure = null;
        try
        {
            Session writer = await BeginAsync().ConfigureAwait(false);
            try
            {
                write.Run(writer);
                if (writer.Connection.InTransaction)
                    writer.Commit();
            }
            catch (Exception error)
            {
                Abandon(writer, error);
                throw;
            }
        }
        catch (Exception error)
        {
            write.Failure = Explain(error);
        }
    }

    /// <summary>Opens the file where it is not open, and begins to write.</summary>
    private async ValueTask<Session> BeginAsync()
    {
        Session writer = await OpenWriterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            return await RetryWhileLockedAsync(
                () =>
                {
                    writer.BeginWriting();
                    return writer;
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (TrackingStoreException error) when (error.InnerException is SqliteErrorException sqlite)
        {
            Abandon(writer, sqlite);
            throw;
        }
    }

    private PendingWrite? TakeNext(out bool wasCancelled)
    {
        PendingWrite? next;
        lock (_waiting)
            _waiting.TryDequeue(out next);
        wasCancelled = next is not null && !next.TryTake();
        return next;
    }

    private Exception Explain(Exception error) => error switch
    {
        SqliteErrorException sqlite => Faults.Explain(sqlite, File, TimeSpan.Zero),
        ChunkCorruptException => new TrackingStoreException($"Store '{File}': {error.Message}", isTransient: false, error),
        _ => error,
    };

    private void Abandon(Session writer, Exception error)
    {
        try
        {
            writer.Rollback();
            if (Faults.IsHarmless(error))
                return;
        }
        catch (SqliteErrorException)
        {
            // The file closes below, which rolls back, too.
        }

        writer.Dispose();
        _writer = null;
    }
}
