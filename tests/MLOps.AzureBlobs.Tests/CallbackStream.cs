namespace MLOps.AzureBlobs.Tests;

/// <summary>Calls back once, when so much of a stream has been read.</summary>
internal sealed class CallbackStream(Stream inner, long at, Action then) : Stream
{
    private long _read;
    private Action? _then = then;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = inner.Read(buffer, offset, count);
        _read += read;
        if (_read >= at)
        {
            _then?.Invoke();
            _then = null;
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
