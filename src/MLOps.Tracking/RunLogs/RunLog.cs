using System.Text.Json;
using MLOps.Tracking.Journaling;

namespace MLOps.Tracking.RunLogs;

/// <summary>
/// The log of one part of a run, kept beside the journal while it grows: what is appended is in the page cache when the call returns. When the run has ended it is a
/// staged artifact like others; the log of a killed process is made one by whoever adopts its journal.
/// </summary>
/// <remarks>
/// Bounded: the first file takes half of the bytes, then files of a quarter each take turns, of which the newest two stay. Each begins with a whole line, and its name
/// says how much the turns before it held, so that nothing must be written down when one is deleted.
/// Safe for use from any thread. It takes no lock but its own and logs nothing, so that it can be called from anywhere.
/// </remarks>
internal sealed class RunLog(string folder, Func<Guid, StagedArtifact> describe, TimeProvider clock, RunCounters counters)
{
    /// <summary>Where the log of a run goes among its artifacts.</summary>
    public const string FirstPath = "logs/run.log";

    private const int RetryMs = 100;
    private readonly Lock _gate = new();
    private RunLogFile? _file;
    private string _name = "";
    private string? _older;
    private long _turnLimit, _retryAt;
    private (long Lines, long Bytes) _before, _missing;
    private bool _isFirst = true, _ended;

    /// <summary>The most bytes of one text, so that it fits into every file of a log.</summary>
    /// <param name="maxBytes">The most bytes of the log.</param>
    public static int LargestText(long maxBytes) => (int)Math.Min(64 << 10, TurnLimit(maxBytes));

    /// <summary>Appends lines. What the disk does not take is counted and noted in the log; nothing is raised for it.</summary>
    /// <param name="padded">UTF-8, each line with its line feed, followed by <see cref="RunLogFile.NoteRoom"/> zero bytes.</param>
    /// <param name="maxBytes">The most bytes of the log; the first text decides.</param>
    public void Append(ReadOnlySpan<byte> padded, long maxBytes)
    {
        lock (_gate)
        {
            if (!_ended && !TryAppend(padded, maxBytes))
                Miss(padded);
        }
    }

    /// <summary>Ends the log: what comes later goes nowhere.</summary>
    /// <returns>The description of the staged artifact that it is now; null when nothing was logged, or when it had ended.</returns>
    public string? End()
    {
        lock (_gate)
        {
            if (_ended)
                return null;
            _ended = true;
            if (_file is null)
                return null;
            _file.Close();
            try
            {
                return StagedArtifacts.Complete(_name + StagedArtifacts.Growing);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The tracker tries again when it closes, and after it whoever adopts the journal.
                return null;
            }
        }
    }

    // The line about what was left out is within the bound, too.
    private static long FirstLimit(long maxBytes) => (maxBytes / 2) - (2 * RunLogFile.NoteRoom);

    private static long TurnLimit(long maxBytes) => (maxBytes / 4) - RunLogFile.NoteRoom;

    private bool TryAppend(ReadOnlySpan<byte> padded, long maxBytes)
    {
        if (Environment.TickCount64 < _retryAt)
            return false;
        try
        {
            if (_file is null)
                Begin(padded, maxBytes);
            else if (_file.HasRoomFor(padded.Length - RunLogFile.NoteRoom))
                _file.Append(padded);
            else
                Turn(padded);
            _missing = default;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or UriFormatException)
        {
            _retryAt = Environment.TickCount64 + RetryMs;
            return false;
        }
    }

    // The description gets its name last: a log that has one has a line.
    private void Begin(ReadOnlySpan<byte> padded, long maxBytes)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        string name = Path.Combine(folder, id.ToString("N"));
        Directory.CreateDirectory(folder);
        var file = RunLogFile.Create(name + StagedArtifacts.Content, FirstLimit(maxBytes), _missing, padded);
        try
        {
            File.WriteAllBytes(name + ".tmp", JsonSerializer.SerializeToUtf8Bytes(describe(id), StagedJson.Default.StagedArtifact));
            File.Move(name + ".tmp", name + StagedArtifacts.Growing);
        }
        catch
        {
            file.Close();
            File.Delete(file.Path);
            File.Delete(name + ".tmp");
            throw;
        }

        (_name, _file, _turnLimit) = (name, file, TurnLimit(maxBytes));
    }

    private void Turn(ReadOnlySpan<byte> padded)
    {
        // Before the next one is made: the bound holds, and a full disk gets the room that is needed.
        if (_older is not null)
            File.Delete(_older);
        _older = null;
        (long Lines, long Bytes) before = _isFirst ? default : (_before.Lines + _file!.Lines, _before.Bytes + _file.Bytes);
        // What is missing stays noted where it is missing: at the end of the file before.
        var next = RunLogFile.Create(RunLogContent.TurnPath(_name, before), _turnLimit, missing: default, padded);
        _file!.Close();
        _older = _isFirst ? null : _file.Path;
        (_file, _isFirst, _before) = (next, false, before);
    }

    private void Miss(ReadOnlySpan<byte> padded)
    {
        int lines = padded.Count((byte)'\n');
        Interlocked.Add(ref counters.LogLinesMissing, lines);
        _missing = (_missing.Lines + lines, _missing.Bytes + padded.Length - RunLogFile.NoteRoom);
        try
        {
            _file?.Note(_missing);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A disk that takes nothing at all; the count is in the run's health.
        }
    }
}
