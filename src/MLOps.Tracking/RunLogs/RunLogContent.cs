using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using MLOps.Tracking.Journaling;

namespace MLOps.Tracking.RunLogs;

/// <summary>The files of an ended log as one content, read once: the first, a line about what was left out behind it, and those of the newest part.</summary>
internal sealed class RunLogContent : Stream
{
    private const string TurnEnding = ".turn";
    private const int BlockSize = 4096, BufferSize = 1 << 16;
    private readonly List<Stream> _parts = [];
    private int _current;

    private RunLogContent()
    {
    }

    /// <summary>Whether there is nothing: a process was killed before its first line was there.</summary>
    public bool IsEmpty => _parts.TrueForAll(part => part.Length == 0);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The path of a later file of a log: it says what lies between the first file and this one.</summary>
    /// <param name="name">The log's path without an ending.</param>
    /// <param name="before">The lines and bytes of the turns before.</param>
    public static string TurnPath(string name, (long Lines, long Bytes) before) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}.{before.Bytes:x16}-{before.Lines:x16}{TurnEnding}");

    /// <summary>Opens the content of a log that nobody writes any more.</summary>
    /// <param name="name">The log's path without an ending.</param>
    /// <returns>The content; the caller disposes it.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static RunLogContent Open(string name)
    {
        var content = new RunLogContent();
        try
        {
            string[] files = FilesOf(name);
            for (int i = 0; i < files.Length; i++)
            {
                if (i == 1 && Before(files[i]) is { Lines: > 0 } leftOut)
                    content._parts.Add(Text($"--- {leftOut.Lines} lines ({leftOut.Bytes} bytes) were left out here: a log keeps its first and its newest part ---\n"));
                content.Add(files[i]);
            }

            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>The files of a log, or of another staged artifact, which has one.</summary>
    /// <param name="name">Their path without an ending.</param>
    public static string[] FilesOf(string name)
    {
        string first = name + StagedArtifacts.Content;
        string[] turns = [.. Directory.EnumerateFiles(Path.GetDirectoryName(name)!, Path.GetFileName(name) + ".*" + TurnEnding).Order(StringComparer.Ordinal)];
        return File.Exists(first) ? [first, .. turns] : turns;
    }

    /// <summary>Makes a log survive a power loss, also while it grows.</summary>
    /// <param name="name">The log's path without an ending.</param>
    /// <exception cref="IOException">The disk refused, or a file is gone by now.</exception>
    public static void Sync(string name)
    {
        foreach (string path in FilesOf(name))
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(file);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        for (; _current < _parts.Count; _current++)
        {
            int count = _parts[_current].Read(buffer);
            if (count > 0 || buffer.IsEmpty)
                return count;
        }

        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (; _current < _parts.Count; _current++)
        {
            int count = await _parts[_current].ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count > 0 || buffer.IsEmpty)
                return count;
        }

        return 0;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Stream part in _parts)
                part.Dispose();
        }

        base.Dispose(disposing);
    }

    private static (long Lines, long Bytes) Before(string turn)
    {
        ReadOnlySpan<char> numbers = turn.AsSpan(0, turn.Length - TurnEnding.Length)[^33..];
        return (
            long.Parse(numbers[17..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            long.Parse(numbers[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
    }

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text), writable: false);

    // A killed process leaves zero bytes behind its last line, and perhaps a line that was cut off: its call had not returned.
    private void Add(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, BufferSize, useAsync: true);
        _parts.Add(file);
        long length = EndOfText(file, out byte last);
        file.SetLength(length);
        file.Position = 0;
        if (length > 0 && last != '\n')
            _parts.Add(Text("\n"));
    }

    private static long EndOfText(FileStream file, out byte last)
    {
        byte[] block = new byte[BlockSize];
        for (long end = file.Length; end > 0;)
        {
            long start = Math.Max(0, end - BlockSize);
            int read = RandomAccess.Read(file.SafeFileHandle, block.AsSpan(0, (int)(end - start)), start);
            int at = block.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (at >= 0)
            {
                last = block[at];
                return start + at + 1;
            }

            end = start;
        }

        last = 0;
        return 0;
    }
}
