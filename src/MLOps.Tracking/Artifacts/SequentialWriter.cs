using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using MLOps.Tracking.Artifacts.Transfers;

namespace MLOps.Tracking.Artifacts;

/// <summary>Copies content to a local file, reading (and hashing) the next pieces while one is written; the file grows in order, so that its length says what has arrived.</summary>
internal sealed class SequentialWriter(SafeFileHandle file, long begin)
{
    private const int PieceSize = 1 << 20, PiecesAtOnce = 4;
    private Task _last = Task.CompletedTask;

    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ContentFailedException">Reading the content failed: not this file's fault.</exception>
    public Task<long> CopyAsync(Stream content, long? sizeBytes, CancellationToken cancellationToken) =>
        ContentParts.ForEachAsync(new Guarded(content), static _ => PieceSize, PiecesAtOnce, sizeBytes, (part, token) => _last = WriteAsync(_last, part, token), cancellationToken);

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
