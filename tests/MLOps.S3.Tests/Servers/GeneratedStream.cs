namespace MLOps.S3.Tests.Servers;

/// <summary>Content that is made while it is read, and may call back on the way.</summary>
internal sealed class GeneratedStream(long length, long at = -1, Action? then = null) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The byte at a place.</summary>
    public static byte At(long place) => (byte)(place ^ (place >> 8) ^ (place >> 16));

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = (int)Math.Min(count, length - _position);
        for (int i = 0; i < read; i++)
            buffer[offset + i] = At(_position + i);
        _position += read;
        if (at >= 0 && _position >= at)
            then?.Invoke();
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
