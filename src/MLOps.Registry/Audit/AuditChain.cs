using System.Globalization;

namespace MLOps.Registry.Audit;

/// <summary>Follows an audit log from event to event and says where it is not what was written. Allocates nothing as long as all is well.</summary>
internal sealed class AuditChain
{
    private const string Advice = "Keep the log as it is, export it, and compare it with a backup or an earlier export.";
    private readonly byte[] _hash = new byte[AuditRecord.HashLength];
    private readonly byte[] _computed = new byte[AuditRecord.HashLength];
    private readonly Checkpoint[] _checkpoints;
    private int _checkpoint;
    private long _milliseconds;

    /// <param name="checkpoints">What the log is held to beside itself.</param>
    /// <param name="after">The event before the first one to come, and its hash; the beginning of a log when it is <see cref="AuditHead.Empty"/>.</param>
    public AuditChain(IReadOnlyList<Checkpoint>? checkpoints, AuditHead after)
    {
        _checkpoints = [.. (checkpoints ?? []).OrderBy(checkpoint => checkpoint.Count)];
        Count = after.Count;
        after.Hash.CopyTo(_hash);
        while (_checkpoint < _checkpoints.Length && _checkpoints[_checkpoint].Count < Count)
            _checkpoint++;
        CheckCheckpoints();
    }

    /// <summary>The place of the last event that was found good.</summary>
    public long Count { get; private set; }

    /// <summary>The hash of the last event that was found good.</summary>
    public ReadOnlyMemory<byte> Hash => _hash;

    /// <summary>The place of the first bad event; null as long as there is none.</summary>
    public long? FirstBad { get; private set; }

    /// <summary>What is wrong there.</summary>
    public string? Problem { get; private set; }

    /// <summary>Takes the next event.</summary>
    /// <returns>Whether all is well so far.</returns>
    public bool Take(in AuditRecord record)
    {
        if (FirstBad is not null)
            return false;
        ReadOnlySpan<byte> content = record.Content.Span;
        long place = Count + 1;
        if (record.Sequence != place)
            return Bad(place, record.Sequence > place
                ? Text($"Event {place} is missing: the log goes on with event {record.Sequence}.")
                : Text($"Where event {place} should be, event {record.Sequence} comes a second time: events were put in or reordered."));
        long inside = AuditRecord.SequenceIn(content);
        if (inside != place)
            return Bad(place, inside < 0
                ? Text($"Event {place} was tampered with: its content is not that of an event.")
                : Text($"Event {place} has the content of event {inside}: events were reordered, or one was put in from another place or another log."));
        long milliseconds = AuditRecord.MillisecondsIn(content);
        if (milliseconds < _milliseconds)
            return Bad(place, Text($"Event {place} is older than the event before it: it was tampered with, or put in from another log."));
        AuditRecord.HashAfter(_hash, content, _computed);
        if (!record.Hash.Span.SequenceEqual(_computed))
            return Bad(place, Text($"The hash of event {place} is not that of its content after event {Count}: one of them was tampered with, or the event was put in from another log."));
        _computed.CopyTo(_hash, 0);
        _milliseconds = milliseconds;
        Count = place;
        return CheckCheckpoints();
    }

    /// <summary>Takes the end of the log.</summary>
    /// <param name="count">How many events it says it has.</param>
    /// <param name="hash">The hash that it says it ends with.</param>
    public void End(long count, ReadOnlySpan<byte> hash)
    {
        if (FirstBad is null && Count < count)
            Bad(Count + 1, Text($"The log is cut off: it ends with event {Count}, and {count} were written."));
        else if (FirstBad is null && !hash.SequenceEqual(_hash))
            Bad(Math.Max(Count, 1), Text($"The store holds another hash for the end of the log than event {Count} has: the last events were replaced, or the stored end was."));
        if (FirstBad is null && _checkpoint < _checkpoints.Length)
            Bad(Count + 1, Text($"The log is cut off: it ends with event {Count}, and a checkpoint of '{_checkpoints[^1].Origin}' says that there were {_checkpoints[^1].Count}."));
    }

    /// <summary>Marks what only a caller can see.</summary>
    public bool Bad(long place, string problem)
    {
        (FirstBad, Problem) = (place, $"{problem} {Advice}");
        return false;
    }

    public AuditVerification ToVerification() => new() { Verified = FirstBad is { } bad ? Math.Min(Count, bad - 1) : Count, FirstBad = FirstBad, Problem = Problem };

    private bool CheckCheckpoints()
    {
        for (; _checkpoint < _checkpoints.Length && _checkpoints[_checkpoint].Count == Count; _checkpoint++)
        {
            Checkpoint checkpoint = _checkpoints[_checkpoint];
            if (checkpoint.Hash.Span.SequenceEqual(_hash))
                continue;
            long from = _checkpoint == 0 ? 1 : _checkpoints[_checkpoint - 1].Count + 1;
            return Bad(Math.Max(Count, 1), Text($"The log was rewritten: a checkpoint of '{checkpoint.Origin}' signs another hash for event {Count}, so one of the events {Math.Min(from, Count)} to {Count} was changed and all later hashes made anew, or the checkpoint is of another log."));
        }

        return true;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
