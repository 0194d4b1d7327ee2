using System.Buffers;

namespace MLOps.Tracking.Artifacts.Transfers;

/// <summary>For artifact stores: reads content once, in order, and hands out its parts several at a time, so that memory is bounded at parts × part size whatever the content's size.</summary>
public static class ContentParts
{
    private const int FirstBuffer = 128 * 1024;

    /// <summary>Reads content to its end and hands out each part.</summary>
    /// <param name="content">The content, read from where it stands until a read gives 0; not disposed. What its reading raises is raised here as it is.</param>
    /// <param name="sizeOf">The size of a part by its number, in bytes, 1 or more.</param>
    /// <param name="atOnce">How many parts are in memory at once, 1 or more.</param>
    /// <param name="sizeBytes">The content's size if it is known, so that small content takes a small buffer.</param>
    /// <param name="upload">Given each part, first those with lower numbers, up to <paramref name="atOnce"/> at once. Empty content is one empty part.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The content's size, when all parts are done.</returns>
    /// <remarks>At the first failure no further part is read, the token that the parts were given is cancelled, and the failure is raised when all of them have ended.</remarks>
    public static async Task<long> ForEachAsync(
        Stream content, Func<int, int> sizeOf, int atOnce, long? sizeBytes, Func<ContentPart, CancellationToken, Task> upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(sizeOf);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atOnce);
        ArgumentNullException.ThrowIfNull(upload);
        cancellationToken.ThrowIfCancellationRequested();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim free = new(atOnce, atOnce);
        List<Task> running = [];
        byte[] ahead = new byte[1];
        bool hasAhead = false;
        long offset = 0;
        Exception? failure = null;
        try
        {
            for (int number = 0; ; number++)
            {
                await free.WaitAsync(stop.Token).ConfigureAwait(false);
                byte[]? buffer = null;
                ContentPart part;
                try
                {
                    int size = sizeOf(number);
                    long? left = sizeBytes - offset;
                    buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, left is >= 0 ? Math.Max(left.Value, 1) : FirstBuffer));
                    int filled = 0;
                    if (hasAhead)
                        buffer[filled++] = ahead[0];
                    while (filled < size)
                    {
                        if (filled == buffer.Length)
                            buffer = Grow(buffer, filled, size);
                        int read = await content.ReadAsync(buffer.AsMemory(filled, Math.Min(buffer.Length, size) - filled), stop.Token).ConfigureAwait(false);
                        if (read == 0)
                            break;
                        filled += read;
                    }

                    // A full part may be the last: the store must know before it begins, and only the next read can tell.
                    hasAhead = filled == size && await content.ReadAsync(ahead, stop.Token).ConfigureAwait(false) > 0;
                    part = new ContentPart(number, offset, buffer.AsMemory(0, filled), IsLast: !hasAhead);
                }
                catch
                {
                    if (buffer is not null)
                        ArrayPool<byte>.Shared.Return(buffer);
                    free.Release();
                    throw;
                }

                offset += part.Bytes.Length;
                running.Add(RunAsync(part, buffer));
                if (part.IsLast)
                    break;
                running.RemoveAll(static task => task.IsCompletedSuccessfully);
            }
        }
        catch (Exception exception)
        {
            // A failed part cancels the reading: what it says is then the cause.
            failure = exception is OperationCanceledException && !cancellationToken.IsCancellationRequested ? failure ?? exception : exception;
            await stop.CancelAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Exception? cause = running.Select(task => task.Exception?.InnerException).FirstOrDefault(exception => exception is not null and not OperationCanceledException);
        if (failure is null or OperationCanceledException && cause is not null && !cancellationToken.IsCancellationRequested)
            failure = cause;
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        await Task.WhenAll(running).ConfigureAwait(false);
        return offset;

        async Task RunAsync(ContentPart part, byte[] buffer)
        {
            try
            {
                await upload(part, stop.Token).ConfigureAwait(false);
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
                free.Release();
            }
        }
    }

    private static byte[] Grow(byte[] buffer, int filled, int size)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, buffer.Length * 4L));
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
