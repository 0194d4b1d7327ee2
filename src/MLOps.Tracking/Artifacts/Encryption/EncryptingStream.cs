using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>Content as an encrypted object: header and segments, made while it is read. The content is read once to its end and not disposed; its exceptions reach the reader as they are.</summary>
internal sealed class EncryptingStream : ReadOnlyStream
{
    // One byte more than a segment: whether it is the last is known only when there is none.
    private const int Full = SegmentCipher.SegmentSize + 1;
    private readonly Stream _content;
    private readonly SegmentCipher _cipher;
    private byte[] _plain;
    private byte[] _sealed;
    private int _filled, _begin, _end;
    private long _segment;
    private bool _contentEnded, _isDone, _isDisposed;

    /// <summary>Begins.</summary>
    /// <param name="content">The content.</param>
    /// <param name="header">The header of the object.</param>
    /// <param name="cipher">The cipher of that header; this stream's to dispose.</param>
    /// <param name="sizeBytes">How long the content is said to be.</param>
    public EncryptingStream(Stream content, EncryptionHeader header, SegmentCipher cipher, long? sizeBytes)
    {
        (_content, _cipher) = (content, cipher);
        _plain = new byte[Math.Min(sizeBytes ?? Full, SegmentCipher.SegmentSize) + 1];
        _sealed = header.Bytes.ToArray();
        _end = _sealed.Length;
    }

    public override int Read(Span<byte> buffer)
    {
        while (Needs(buffer.Length))
            Take(_content.Read(_plain.AsSpan(_filled)));
        return Give(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (Needs(buffer.Length))
            Take(await _content.ReadAsync(_plain.AsMemory(_filled), cancellationToken).ConfigureAwait(false));
        return Give(buffer.Span);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cipher.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
            _isDisposed = true;
        }

        base.Dispose(disposing);
    }

    /// <summary>Whether content must be read before a reader can be given something.</summary>
    private bool Needs(int asked)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (asked == 0 || _begin < _end || _isDone || _contentEnded || _filled == Full)
            return false;
        if (_filled == _plain.Length)
        {
            // Longer than it was said to be.
            byte[] shorter = _plain;
            Array.Resize(ref _plain, Full);
            CryptographicOperations.ZeroMemory(shorter);
        }

        return true;
    }

    private void Take(int read)
    {
        _filled += read;
        _contentEnded = read == 0;
    }

    private int Give(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        if (_begin == _end && !_isDone && Seal(buffer) is var direct and > 0)
            return direct;
        int count = Math.Min(buffer.Length, _end - _begin);
        _sealed.AsSpan(_begin, count).CopyTo(buffer);
        _begin += count;
        return count;
    }

    /// <returns>How many bytes were written to the buffer; 0 when the segment waits in <see cref="_sealed"/>.</returns>
    private int Seal(Span<byte> buffer)
    {
        int count = Math.Min(_filled, SegmentCipher.SegmentSize), size = count + SegmentCipher.TagSize;
        bool isLast = _filled == count;
        if (_segment == SegmentCipher.MaxSegments - 1 && !isLast)
            throw EncryptedArtifactStore.TooLong();
        bool isDirect = buffer.Length >= size;
        if (!isDirect && _sealed.Length < size)
            _sealed = new byte[size];
        _cipher.Seal(_segment, isLast, _plain.AsSpan(0, count), isDirect ? buffer : _sealed);
        (_begin, _end) = (0, isDirect ? 0 : size);
        _segment++;
        _isDone = isLast;
        if (!isLast)
            _plain[0] = _plain[count];
        _filled -= count;
        return isDirect ? size : 0;
    }
}
