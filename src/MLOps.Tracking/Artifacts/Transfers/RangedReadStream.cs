using System.Buffers;
using System.Net.Sockets;

namespace MLOps.Tracking.Artifacts.Transfers;

/// <summary>
/// Reads an object in order through several ranged requests at once: the first is read as it comes, those behind it into buffers.
/// </summary>
internal sealed class RangedReadStream : ReadOnlyStream
{
    private const int Attempts = 3;
    private readonly Func<long, long, CancellationToken, Task<Stream>> _open;
    private readonly string _name;
    private readonly int _rangeSize;
    private readonly int _atOnce;
    private readonly TimeSpan _stallTimeout;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Queue<Task<Range>> _ahead = new();
    private readonly long _end;
    private readonly long _firstEnd;
    private Stream? _first;
    private long _position;
    private long _asked;
    private Range? _current;
    private int _failures;

    public RangedReadStream(
        string name,
        long begin,
        long end,
        Stream? first,
        long firstBytes,
        Func<long, long, CancellationToken, Task<Stream>> open,
        int rangeSize,
        int atOnce,
        TimeSpan stallTimeout,
        TimeProvider time)
    {
        (_name, _position, _end, _first, _open, _rangeSize, _atOnce) = (name, begin, end, first, open, rangeSize, atOnce);
        _firstEnd = Math.Min(end, begin + (first is null ? Math.Min(rangeSize, end - begin) : firstBytes));
        _asked = _firstEnd;
        (_stallTimeout, _time) = (stallTimeout, time);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ReadNextAsync(buffer, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed.IsCancellationRequested)
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
            if (_first is not null)
                await _first.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(_ahead.Select(ForgetAsync)).ConfigureAwait(false);
            _ahead.Clear();
            if (_current is { } current)
                ArrayPool<byte>.Shared.Return(current.Buffer);
            _current = null;
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!_disposed.IsCancellationRequested)
                Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private static async Task ForgetAsync(Task<Range> range)
    {
        await ((Task)range).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (range.IsCompletedSuccessfully)
            ArrayPool<byte>.Shared.Return((await range.ConfigureAwait(false)).Buffer);
    }

    private static bool IsBroken(Exception exception) => exception is IOException or HttpRequestException or SocketException or StalledException;

    private async ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        if (buffer.IsEmpty || _position == _end)
            return 0;
        Leave();
        AskAhead();
        if (_position < _firstEnd)
            return await ReadFirstAsync(buffer, cancellationToken).ConfigureAwait(false);
        Range range = await CurrentAsync(cancellationToken).ConfigureAwait(false);
        int taken = (int)Math.Min(buffer.Length, range.Begin + range.Length - _position);
        range.Buffer.AsMemory((int)(_position - range.Begin), taken).CopyTo(buffer);
        _position += taken;
        if (_position == range.Begin + range.Length)
        {
            Leave();
            AskAhead();
        }

        return taken;
    }

    /// <summary>Gives the next bytes where they lie, so that nothing is copied; empty at the end.</summary>
    /// <param name="spare">Where bytes go that lie nowhere yet.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Bytes that are valid until the next read.</returns>
    public async ValueTask<ReadOnlyMemory<byte>> ReadInPlaceAsync(Memory<byte> spare, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        Leave();
        AskAhead();
        int filled = 0;
        while (_position < _firstEnd && filled < spare.Length)
            filled += await ReadFirstAsync(spare[filled..], cancellationToken).ConfigureAwait(false);
        if (filled > 0 || _position == _end)
            return spare[..filled];
        Range range = await CurrentAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> rest = range.Buffer.AsMemory((int)(_position - range.Begin), (int)(range.Begin + range.Length - _position));
        _position += rest.Length;
        return rest;
    }

    private async ValueTask<Range> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_current is null)
        {
            // Stays in the queue until it is there: a cancelled wait must not lose it.
            _current = await _ahead.Peek().WaitAsync(cancellationToken).ConfigureAwait(false);
            _ = _ahead.Dequeue();
        }

        return _current.Value;
    }

    /// <summary>Gives up the current range when it was read to its end.</summary>
    private void Leave()
    {
        if (_current is { } range && _position == range.Begin + range.Length)
        {
            ArrayPool<byte>.Shared.Return(range.Buffer);
            _current = null;
        }
    }

    private void AskAhead()
    {
        int held = (_position < _firstEnd ? 1 : 0) + (_current is null ? 0 : 1);
        while (_asked < _end && held + _ahead.Count < _atOnce)
        {
            long begin = _asked;
            int length = (int)Math.Min(_rangeSize, _end - begin);
            _asked += length;
            _ahead.Enqueue(Task.Run(() => FillAsync(begin, length)));
        }
    }

    private async ValueTask<int> ReadFirstAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                _first ??= await _open(_position, _firstEnd - _position, cancellationToken).ConfigureAwait(false);
                int read = await ReadAsync(_first, buffer[..(int)Math.Min(buffer.Length, _firstEnd - _position)], cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    throw new EndOfStreamException("The server ended the body early.");
                _failures = 0;
                _position += read;
                if (_position == _firstEnd)
                {
                    await _first.DisposeAsync().ConfigureAwait(false);
                    _first = null;
                }

                return read;
            }
            catch (Exception exception) when (_first is not null && (IsBroken(exception) || cancellationToken.IsCancellationRequested))
            {
                await _first.DisposeAsync().ConfigureAwait(false);
                _first = null;
                cancellationToken.ThrowIfCancellationRequested();
                if (++_failures >= Attempts)
                    throw Broken(exception);
            }
        }
    }

    private async Task<Range> FillAsync(long begin, int length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        int filled = 0, failures = 0;
        Stream? body = null;
        try
        {
            while (filled < length)
            {
                try
                {
                    body ??= await _open(begin + filled, length - filled, _disposed.Token).ConfigureAwait(false);
                    int read = await ReadAsync(body, buffer.AsMemory(filled, length - filled), _disposed.Token).ConfigureAwait(false);
                    if (read == 0)
                        throw new EndOfStreamException("The server ended the body early.");
                    failures = 0;
                    filled += read;
                }
                catch (Exception exception) when (body is not null && IsBroken(exception) && !_disposed.IsCancellationRequested)
                {
                    await body.DisposeAsync().ConfigureAwait(false);
                    body = null;
                    if (++failures >= Attempts)
                        throw Broken(exception);
                }
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
        finally
        {
            if (body is not null)
                await body.DisposeAsync().ConfigureAwait(false);
        }

        return new Range(buffer, begin, length);
    }

    private async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueTask<int> read = body.ReadAsync(buffer, cancellationToken);
        if (read.IsCompleted)
            return await read.ConfigureAwait(false);
        Task<int> reading = read.AsTask();
        try
        {
            return await reading.WaitAsync(_stallTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception) when (!reading.IsCompleted)
        {
            // The buffer is the reader's again only when the connection is closed and its read has ended.
            await body.DisposeAsync().ConfigureAwait(false);
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new StalledException($"The server sent nothing for {_stallTimeout}.", exception);
        }
        catch (OperationCanceledException) when (!reading.IsCompleted)
        {
            await body.DisposeAsync().ConfigureAwait(false);
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private ArtifactStoreException Broken(Exception cause) =>
        new($"The connection broke again and again while '{_name}' was read: {cause.Message} Try again; a download goes on from what has arrived.", isTransient: true, cause);

    private readonly record struct Range(byte[] Buffer, long Begin, int Length);

    private sealed class StalledException(string message, Exception innerException) : Exception(message, innerException);
}
