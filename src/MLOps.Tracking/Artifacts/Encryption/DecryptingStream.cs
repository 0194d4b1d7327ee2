using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>The content of an encrypted object, or a range of it: each segment is verified before a byte of it is given.</summary>
internal sealed class DecryptingStream : ReadOnlyStream
{
    private readonly Stream _inner;
    private readonly SegmentCipher _cipher;
    private readonly Uri _location;
    private readonly string _path;
    private readonly long _begin, _end, _lastOfObject, _lastOfRange, _sizeBytes;
    private readonly byte[] _sealed;
    private byte[] _plain = [];
    private long _segment;
    private int _filled, _next, _ready;
    private bool _hasEnded, _isDisposed;
    private ExceptionDispatchInfo? _fault;

    /// <summary>Begins.</summary>
    /// <param name="inner">The object from the first segment on that the range touches; this stream's to dispose.</param>
    /// <param name="cipher">The cipher of the object's header; this stream's to dispose.</param>
    /// <param name="location">Where the object lies, for messages.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="sizeBytes">The size of the object's content.</param>
    /// <param name="begin">Where the range begins in the content.</param>
    /// <param name="end">Where it ends.</param>
    public DecryptingStream(Stream inner, SegmentCipher cipher, Uri location, string path, long sizeBytes, long begin, long end)
    {
        (_inner, _cipher, _location, _path, _sizeBytes, _begin, _end) = (inner, cipher, location, path, sizeBytes, begin, end);
        _lastOfObject = SegmentCipher.CountOf(sizeBytes) - 1;
        (_segment, _lastOfRange) = SegmentsOf(sizeBytes, begin, end);
        _sealed = new byte[Math.Min(sizeBytes, SegmentCipher.SegmentSize) + SegmentCipher.TagSize];
    }

    private int Missing => _segment > _lastOfRange ? 1 : SealedSize - _filled;

    private int SealedSize => SegmentCipher.TagSize + (int)Math.Min(SegmentCipher.SegmentSize, _sizeBytes - (_segment * SegmentCipher.SegmentSize));

    /// <summary>The segments that a range touches. An empty range touches one, too: that proves the object's end where the range is at it.</summary>
    public static (long First, long Last) SegmentsOf(long sizeBytes, long begin, long end)
    {
        long last = SegmentCipher.CountOf(sizeBytes) - 1, first = Math.Min(begin / SegmentCipher.SegmentSize, last);
        return (first, end > begin ? (end - 1) / SegmentCipher.SegmentSize : first);
    }

    public override int Read(Span<byte> buffer)
    {
        int given;
        while (!TryGive(buffer, out given))
            Take(_inner.Read(_sealed.AsSpan(_filled, Missing)));
        return given;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int given;
        while (!TryGive(buffer.Span, out given))
            Take(await _inner.ReadAsync(_sealed.AsMemory(_filled, Missing), cancellationToken).ConfigureAwait(false));
        return given;
    }

    public override async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isDisposed = true;
            _inner.Dispose();
            _cipher.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
        }

        base.Dispose(disposing);
    }

    /// <returns>False when more must be read before.</returns>
    private bool TryGive(Span<byte> buffer, out int given)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _fault?.Throw();
        given = 0;
        while (!buffer.IsEmpty)
        {
            if (_next < _ready)
            {
                given = Math.Min(buffer.Length, _ready - _next);
                _plain.AsSpan(_next, given).CopyTo(buffer);
                _next += given;
                return true;
            }

            if (_segment > _lastOfRange)
                return _hasEnded;
            if (_filled < SealedSize)
                return false;
            if ((given = Open(buffer)) > 0)
                return true;
        }

        return true;
    }

    private void Take(int read)
    {
        if (_segment > _lastOfRange)
        {
            _hasEnded = read == 0;
            if (!_hasEnded)
                throw Fault(new ArtifactStoreException($"The store gave more of '{_path}' at {_location} than was asked for. Try again.", isTransient: true));
        }
        else if (read == 0)
        {
            throw Fault(new ArtifactStoreException($"The store gave less of '{_path}' at {_location} than it has. Try again.", isTransient: true));
        }
        else
        {
            _filled += read;
        }
    }

    /// <returns>How many bytes were written to the buffer; 0 when what is asked for of the segment, if anything, waits in <see cref="_plain"/>.</returns>
    private int Open(Span<byte> buffer)
    {
        int count = _filled - SegmentCipher.TagSize;
        long at = _segment * SegmentCipher.SegmentSize;
        (int from, int to) = ((int)Math.Clamp(_begin - at, 0, count), (int)Math.Clamp(_end - at, 0, count));
        bool isDirect = (from, to) == (0, count) && buffer.Length >= count;
        if (!isDirect && _plain.Length < count)
            _plain = new byte[_sealed.Length - SegmentCipher.TagSize];
        try
        {
            _cipher.Open(_segment, _segment == _lastOfObject, _sealed.AsSpan(0, _filled), isDirect ? buffer[..count] : _plain.AsSpan(0, count));
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw Fault(new ArtifactCorruptException(_location, _path, $"bytes {at} to {at + count} do not match their tag.", e));
        }

        (_next, _ready) = isDirect ? (0, 0) : (from, to);
        _segment++;
        _filled = 0;
        return isDirect ? count : 0;
    }

    // What follows a fault is not to be believed, not even when a reader goes on.
    private Exception Fault(Exception exception)
    {
        _fault = ExceptionDispatchInfo.Capture(exception);
        return exception;
    }
}
