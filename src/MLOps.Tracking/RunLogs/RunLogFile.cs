using System.Globalization;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace MLOps.Tracking.RunLogs;

/// <summary>One file of a run's log: whole lines, and behind them zero bytes, over which a note goes when the disk takes no more lines.</summary>
internal sealed class RunLogFile
{
    /// <summary>How many zero bytes stand behind the lines.</summary>
    public const int NoteRoom = 128;

    private readonly SafeFileHandle _file;
    private readonly long _limit;
    private long _bytes, _lines;
    private int _note;

    private RunLogFile(string path, long limit, SafeFileHandle file) => (Path, _limit, _file) = (path, limit, file);

    public string Path { get; }

    /// <summary>The bytes of the lines and of the note.</summary>
    public long Bytes => _bytes + _note;

    /// <summary>The lines, the note among them.</summary>
    public long Lines => _lines + (_note > 0 ? 1 : 0);

    /// <summary>Makes a file that begins with lines; when this fails there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that <see cref="HasRoomFor"/> grants.</param>
    /// <param name="missing">What is missing before the lines; noted unless it is none.</param>
    /// <param name="padded">The lines, followed by <see cref="NoteRoom"/> zero bytes.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public static RunLogFile Create(string path, long limit, (long Lines, long Bytes) missing, ReadOnlySpan<byte> padded)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            var log = new RunLogFile(path, limit, file);
            if (missing.Lines > 0)
                log.Note(missing);
            log.Append(padded);
            return log;
        }
        catch
        {
            file?.Dispose();
            File.Delete(path);
            throw;
        }
    }

    public bool HasRoomFor(int bytes) => Bytes + bytes <= _limit;

    /// <summary>Appends lines behind the note, if there is one.</summary>
    /// <param name="padded">The lines, followed by <see cref="NoteRoom"/> zero bytes.</param>
    /// <exception cref="IOException">The disk refused; the file is as before, but for <see cref="Note"/> to tidy up.</exception>
    public void Append(ReadOnlySpan<byte> padded)
    {
        RandomAccess.Write(_file, padded, Bytes);
        (_lines, _bytes, _note) = (Lines + padded.Count((byte)'\n'), Bytes + padded.Length - NoteRoom, 0);
    }

    /// <summary>Writes down what is missing behind the lines, over the zero bytes, for which there is room, and over what was written of lines that did not fit.</summary>
    /// <exception cref="IOException">The disk takes nothing at all.</exception>
    public void Note((long Lines, long Bytes) missing)
    {
        Span<byte> note = stackalloc byte[NoteRoom];
        note.Clear();
        Utf8.TryWrite(note, CultureInfo.InvariantCulture, $"--- {missing.Lines} lines ({missing.Bytes} bytes) are missing here: the disk was full or refused ---\n", out int written);
        RandomAccess.Write(_file, note, _bytes);
        RandomAccess.SetLength(_file, _bytes + NoteRoom);
        _note = written;
    }

    public void Close()
    {
        try
        {
            RandomAccess.SetLength(_file, Bytes);
        }
        catch (IOException)
        {
            // Whoever reads the file leaves zero bytes at its end out.
        }

        _file.Dispose();
    }
}
