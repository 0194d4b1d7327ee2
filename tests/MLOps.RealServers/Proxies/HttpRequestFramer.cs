using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

[assembly: InternalsVisibleTo("MLOps.RealServers.Tests")]

namespace MLOps.RealServers;

/// <summary>Finds where the HTTP/1.x requests of one connection begin and end, from pieces of any size. Not safe for threads.</summary>
/// <remarks>What is not HTTP/1.x (TLS, HTTP/2, another protocol, a faulty length) makes the rest of the connection <see cref="IsOpaque"/>; it never throws.</remarks>
internal sealed class HttpRequestFramer
{
    private const int LongestLine = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _line = new();
    private Part _part = Part.Start;
    private long _remaining;
    private bool _isChunked;

    private enum Part
    {
        Start,
        RequestLine,
        Headers,
        Body,
        ChunkSize,
        Chunk,
        Trailers,
        Opaque,
    }

    /// <summary>Whether the next byte begins a request: true at first and after each whole request.</summary>
    public bool IsAtStart => _part == Part.Start;

    /// <summary>Whether the connection speaks something else than HTTP/1.x.</summary>
    public bool IsOpaque => _part == Part.Opaque;

    /// <summary>Whether the client waits for a word before it sends the body of the present request; known when its head has been read.</summary>
    public bool ExpectsContinue { get; private set; }

    /// <summary>Whether the client wants no further request after the present one; known when its head has been read.</summary>
    public bool IsLast { get; private set; }

    /// <summary>Takes bytes up to the end of the present request.</summary>
    /// <param name="bytes">The bytes that came next.</param>
    /// <returns>How many belong to the present request: all, or fewer where the next one begins behind them.</returns>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            switch (_part)
            {
                case Part.Opaque:
                    return bytes.Length;
                case Part.Start:
                    Begin(bytes[at]);
                    break;
                case Part.Body or Part.Chunk:
                    int taken = (int)Math.Min(_remaining, bytes.Length - at);
                    at += taken;
                    _remaining -= taken;
                    if (_remaining == 0)
                        _part = _part == Part.Body ? Part.Start : Part.ChunkSize;
                    break;
                default:
                    at += TakeLine(bytes[at..]);
                    break;
            }
            if (IsAtStart)
                return at;
        }
        return at;
    }

    private void Begin(byte first)
    {
        _isChunked = ExpectsContinue = IsLast = false;
        _remaining = 0;
        _part = char.IsAsciiLetterUpper((char)first) ? Part.RequestLine : Part.Opaque;
    }

    private int TakeLine(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        ReadOnlySpan<byte> piece = end < 0 ? bytes : bytes[..end];
        if (_line.WrittenCount + piece.Length > LongestLine)
        {
            _part = Part.Opaque;
            return bytes.Length;
        }
        if (end >= 0 && _line.WrittenCount == 0)
        {
            Read(piece.TrimEnd((byte)'\r'));
            return end + 1;
        }
        _line.Write(piece);
        if (end < 0)
            return bytes.Length;
        Read(_line.WrittenSpan.TrimEnd((byte)'\r'));
        _line.ResetWrittenCount();
        return end + 1;
    }

    private void Read(ReadOnlySpan<byte> line) => _part = _part switch
    {
        Part.RequestLine => ReadRequestLine(line),
        Part.Headers when line.IsEmpty => EndHead(),
        Part.Headers => ReadHeader(line),
        Part.ChunkSize => ReadChunkSize(line),
        Part.Trailers when line.IsEmpty => Part.Start,
        var same => same,
    };

    private Part ReadRequestLine(ReadOnlySpan<byte> line)
    {
        IsLast = line.EndsWith(" HTTP/1.0"u8);
        return IsLast || line.EndsWith(" HTTP/1.1"u8) ? Part.Headers : Part.Opaque;
    }

    private Part ReadHeader(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0)
            return Part.Opaque;
        ReadOnlySpan<byte> name = line[..colon];
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
        if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
            return Utf8Parser.TryParse(value, out _remaining, out int read) && read == value.Length && _remaining >= 0 ? Part.Headers : Part.Opaque;
        if (Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8))
            _isChunked = value.Length >= 7 && Ascii.EqualsIgnoreCase(value[^7..], "chunked"u8);
        else if (Ascii.EqualsIgnoreCase(name, "Expect"u8))
            ExpectsContinue = Ascii.EqualsIgnoreCase(value, "100-continue"u8);
        else if (Ascii.EqualsIgnoreCase(name, "Connection"u8))
            IsLast = Ascii.EqualsIgnoreCase(value, "close"u8) || (IsLast && !Ascii.EqualsIgnoreCase(value, "keep-alive"u8));
        return Part.Headers;
    }

    private Part EndHead() => _isChunked ? Part.ChunkSize : _remaining > 0 ? Part.Body : Part.Start;

    private Part ReadChunkSize(ReadOnlySpan<byte> line)
    {
        const int lineEnd = 2;
        if (!Utf8Parser.TryParse(line, out long size, out _, 'x') || size < 0 || size > long.MaxValue - lineEnd)
            return Part.Opaque;
        _remaining = size + lineEnd;
        return size == 0 ? Part.Trailers : Part.Chunk;
    }
}
