using System.Buffers;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using MLOps.Tracking.Artifacts.Transfers;

namespace MLOps.Tracking.Artifacts;

/// <summary>Copies content to a local file, reading (and hashing) the next pieces while one is written; the file grows in order, so that its length says what has arrived.</summary>
internal sealed class SequentialWriter(SafeFileHandle file, long begin)
{
    private const int PieceSize = 1 << 20, PiecesAtOnce = 4, SliceSize = 512 * 1024;
    private Task _last = Task.CompletedTask;

    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ContentFailedException">Reading the content failed: not this file's fault.</exception>
    public Task<long> CopyAsync(Stream content, long? sizeBytes, CancellationToken cancellationToken) => content is HashedReadStream { Inner: RangedReadStream ranges } hashed
        ? CopyInPlaceAsync(hashed, ranges, sizeBytes, cancellationToken)
        : ContentParts.ForEachAsync(new Guarded(content), static _ => PieceSize, PiecesAtOnce, sizeBytes, (part, token) => _last = WriteAsync(_last, part, token), cancellationToken);

    /// <summary>Writes ranges from where they arrived, hashing each while it is written.</summary>
    private async Task<long> CopyInPlaceAsync(HashedReadStream hashed, RangedReadStream ranges, long? sizeBytes, CancellationToken cancellationToken)
    {
        byte[] spare = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(sizeBytes ?? PieceSize, 1, PieceSize));
        long written = 0;
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> piece = await ReadInPlaceAsync(ranges, spare, cancellationToken).ConfigureAwait(false);
                if (piece.IsEmpty)
                    break;
                // In slices that stay in the cache between the hash and the write.
                for (int at = 0; at < piece.Length; at += SliceSize)
                {
                    ReadOnlyMemory<byte> slice = piece.Slice(at, Math.Min(SliceSize, piece.Length - at));
                    Task writing = RandomAccess.WriteAsync(file, slice, begin + written, cancellationToken).AsTask();
                    try
                    {
                        hashed.TakeRead(slice.Span);
                    }
                    finally
                    {
                        // The bytes are its until it ends.
                        await writing.ConfigureAwait(false);
                    }

                    written += slice.Length;
                }
            }

            hashed.TakeRead([]);
            return written;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(spare);
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadInPlaceAsync(RangedReadStream ranges, Memory<byte> spare, CancellationToken cancellationToken)
    {
        try
        {
            return await ranges.ReadInPlaceAsync(spare, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ContentFailedException(ExceptionDispatchInfo.Capture(exception));
        }
    }

    private async Task WriteAsync(Task before, ContentPart part, CancellationToken cancellationToken)
    {
        await Task.Yield();
        await before.ConfigureAwait(false);
        await RandomAccess.WriteAsync(file, part.Bytes, begin + part.Offset, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells a failure of the content from one of the file.</summary>
    private sealed class Guarded(Stream content) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new ContentFailedException(ExceptionDispatchInfo.Capture(exception));
            }
        }
    }
}
