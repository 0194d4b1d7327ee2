using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts;

/// <summary>Hands a stream on, read once from where it stands to its end, and knows at its end how many bytes there were and what their SHA-256 is.</summary>
/// <param name="inner">The stream to read.</param>
/// <param name="leaveOpen">Whether <paramref name="inner"/> outlives this stream.</param>
/// <param name="read">Told the size of each piece; what it throws the reader gets.</param>
/// <param name="ended">Called by each read that finds the end, before the reader learns of it; what it throws the reader gets instead.</param>
internal sealed class HashedReadStream(Stream inner, bool leaveOpen, Action<HashedReadStream, int>? read = null, Action<HashedReadStream>? ended = null) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Bytes read so far, with those that were there before.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>The hash in lower-case hex; null until the end is reached.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>The stream that is read.</summary>
    public Stream Inner => inner;

    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        return Take(buffer[..count], buffer.Length);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Take(buffer.Span[..count], buffer.Length);
    }

    public override async ValueTask DisposeAsync()
    {
        if (!leaveOpen)
            await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            if (!leaveOpen)
                inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Takes bytes that were read before, by an earlier stream of the same content.</summary>
    public void TakeEarlier(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        SizeBytes += bytes.Length;
    }

    /// <summary>Takes what the reader has read past this stream, from <see cref="Inner"/>; nothing at its end.</summary>
    public void TakeRead(ReadOnlySpan<byte> bytes) => Take(bytes, asked: 1);

    private int Take(ReadOnlySpan<byte> bytes, int asked)
    {
        if (bytes.Length > 0)
        {
            _hash.AppendData(bytes);
            SizeBytes += bytes.Length;
            read?.Invoke(this, bytes.Length);
        }
        else if (asked > 0)
        {
            Sha256 ??= Convert.ToHexStringLower(_hash.GetHashAndReset());
            ended?.Invoke(this);
        }

        return bytes.Length;
    }
}
