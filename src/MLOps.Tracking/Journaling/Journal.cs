using System.Diagnostics.CodeAnalysis;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>
/// The sequence of records of one process: what a call has put here survives the end of the process at any instant. Appending takes no lock and
/// allocates nothing; the gate is taken only to go to another segment.
/// </summary>
internal sealed class Journal : IDisposable
{
    // Small first, so that a short program touches little; then large, so that going to another segment is rare.
    private static readonly int[] SegmentSlots = [(256 << 10) / Slot.Size, (4 << 20) / Slot.Size, (32 << 20) / Slot.Size];

    private readonly JournalOptions _options;
    private readonly OwnerLock _lock;
    private readonly bool _mapped;
    private readonly object _gate = new();
    private readonly List<SeriesKey> _series = [];
    private volatile SeriesKey[] _seriesByNumber = [];
    private volatile Segment _current;
    private Segment? _spare;
    private long _bytes;
    private long _retryAt;
    private bool _closed;
    private string? _fullBecause;

    private Journal(JournalOptions options, OwnerLock ownerLock, string folder, bool mapped)
    {
        _options = options;
        _lock = ownerLock;
        _mapped = mapped;
        Folder = folder;
        _current = First = Create(0, 0, SegmentSlots[0]);
        _current.PointLimit = LimitWithoutSpare(_current);
    }

    public LeaseOwner Owner => _lock.Owner;

    public string Folder { get; private set; }

    /// <summary>The segment that the applier begins with.</summary>
    public Segment First { get; }

    public Segment Current => _current;

    /// <summary>The position after the last reserved slot.</summary>
    public long Position
    {
        get
        {
            Segment segment = _current;
            return segment.FirstPosition + segment.Tail;
        }
    }

    /// <summary>Why there is no room for points now; null while there is.</summary>
    public string? FullBecause => Volatile.Read(ref _fullBecause);

    /// <summary>Makes and locks a journal. It appears under its final name only when it is locked, so that no neighbour takes it for a dead one.</summary>
    /// <exception cref="JournalException">The folder cannot be written, or the disk is full.</exception>
    public static Journal Create(JournalRoot root, JournalOptions options, TimeProvider clock)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        string folder = Path.Combine(root.Folder, id.ToString("N"));
        string making = folder + JournalRoot.MakingSuffix;
        OwnerLock? ownerLock = null;
        try
        {
            Directory.CreateDirectory(making);
            ownerLock = OwnerLock.Create(making, id, clock);
            var journal = new Journal(options, ownerLock, making, options.MemoryMapped ?? root.AllowsMapping);
            Directory.Move(making, folder);
            journal.MovedTo(folder);
            return journal;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            ownerLock?.Dispose();
            if (Directory.Exists(making))
                Directory.Delete(making, recursive: true);
            throw new JournalException($"Cannot make a journal in '{root.Folder}': {exception.Message} Make the folder writable, free space, or choose another with JournalOptions.Folder.", exception);
        }
    }

    /// <summary>Gives a metric its number.</summary>
    public SeriesKey Intern(RunId runId, string key)
    {
        lock (_gate)
        {
            var series = new SeriesKey((uint)_series.Count, runId, key);
            _series.Add(series);
            if (_seriesByNumber.Length < _series.Count)
            {
                var larger = new SeriesKey[Math.Max(64, _series.Count * 2)];
                _series.CopyTo(larger);
                _seriesByNumber = larger;
            }
            else
            {
                _seriesByNumber[_series.Count - 1] = series;
            }

            return series;
        }
    }

    public SeriesKey Series(uint number) => _seriesByNumber[number];

    /// <summary>Appends a point.</summary>
    /// <returns>False when there was no room and the point was dropped.</returns>
    public bool AppendPoint(SeriesKey series, long step, long timestampMs, double value)
    {
        while (true)
        {
            Segment segment = _current;
            if (segment.Tail < segment.PointLimit && segment.TryReserve(1, out int index))
            {
                if (series.DefinedIn < segment.Number)
                    Define(series);
                segment.WritePoint(index, series.Number, step, timestampMs, value);
                return true;
            }

            if (!MakeRoom(segment, slots: 1, isPoint: true, mayWait: true))
                return false;
        }
    }

    /// <summary>Appends a record that is not a point.</summary>
    /// <returns>False when not even the reserved space had room.</returns>
    /// <exception cref="JournalException">The record is larger than a journal may be.</exception>
    public bool Append(TrackingRecord record)
    {
        var payload = new PayloadWriter();
        try
        {
            RecordCodec.Write(ref payload, record);
            ReadOnlySpan<byte> bytes = payload.Finish();
            RecordKind kind = RecordCodec.Kind(record);
            bool kept = Append(kind, bytes, mayWait: true, out _);
            if (kind == RecordKind.RunStarted && kept)
                Append(RecordKind.RunStartedCopy, bytes, mayWait: true, out _);
            return kept;
        }
        finally
        {
            payload.Dispose();
        }
    }

    /// <summary>Makes a spare segment if there is none, so that writers find one.</summary>
    /// <returns>Whether there is a spare.</returns>
    public bool EnsureSpare()
    {
        lock (_gate)
        {
            if (_closed)
                return true;
            if (_spare is null && !TryMakeSpare())
                return false;
            _current.PointLimit = _current.Capacity;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Deletes a segment all of whose records are safe in the store.</summary>
    public void Release(Segment segment)
    {
        lock (_gate)
        {
            segment.Delete();
            _bytes -= segment.Bytes;
            _retryAt = 0;
        }
    }

    /// <summary>Syncs everything appended so far.</summary>
    /// <exception cref="JournalException">The disk refused.</exception>
    public static void SyncAll(Segment from)
    {
        for (Segment? segment = from; segment is not null; segment = segment.Next)
        {
            if (!segment.Sync(all: true))
                throw new JournalException($"The disk refused to sync '{segment.Path}'. What was logged survives the end of the process but perhaps not a power loss; check the disk.");
        }
    }

    /// <summary>Ends the journal for writers: what comes later raises <see cref="ObjectDisposedException"/>.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _current.Seal();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Removes the journal from the disk, once the store has all of it.</summary>
    public void DeleteSegments()
    {
        lock (_gate)
        {
            for (Segment? segment = First; segment is not null; segment = segment.Next)
                segment.Delete();
            _spare?.Delete();
            _spare = null;
        }
    }

    /// <summary>Ends a journal that holds nothing.</summary>
    public void Discard()
    {
        Close();
        DeleteSegments();
        DeleteFolder();
    }

    public void DeleteFolder()
    {
        Directory.Delete(Folder, recursive: true);
        _lock.Dispose();
    }

    public void Dispose()
    {
        Close();
        lock (_gate)
        {
            for (Segment? segment = First; segment is not null; segment = segment.Next)
                segment.Dispose();
            _spare?.Dispose();
            _lock.Dispose();
        }
    }

    private void MovedTo(string folder)
    {
        Folder = folder;
        First.MovedTo(folder);
    }

    // Twice, so that one damaged slot does not take the name away from all points of the series.
    private void Define(SeriesKey series)
    {
        var payload = new PayloadWriter();
        try
        {
            payload.Write(series.Number);
            payload.Write(series.RunId.Value);
            payload.Write(series.Key);
            ReadOnlySpan<byte> bytes = payload.Finish();
            // The caller holds a reserved slot, at which the applier waits: this must not wait for the applier.
            if (Append(RecordKind.SeriesDefined, bytes, mayWait: false, out Segment? segment)
                && Append(RecordKind.SeriesDefined, bytes, mayWait: false, out _))
            {
                series.DefinedIn = segment.Number;
            }
        }
        finally
        {
            payload.Dispose();
        }
    }

    private bool Append(RecordKind kind, ReadOnlySpan<byte> payload, bool mayWait, [NotNullWhen(true)] out Segment? segment)
    {
        int slots = payload.Length / Slot.PayloadSize;
        if (slots > Slot.MaxCount || (long)slots * Slot.Size > _options.MaxBytes)
            throw new JournalException($"A record of {payload.Length:N0} bytes does not fit into a journal of at most {_options.MaxBytes:N0} bytes. Raise JournalOptions.MaxBytes or log it as an artifact.");
        while (true)
        {
            segment = _current;
            if (segment.TryReserve(slots, out int index))
            {
                segment.WriteRecord(index, kind, payload);
                return true;
            }

            if (!MakeRoom(segment, slots, isPoint: false, mayWait))
            {
                segment = null;
                return false;
            }
        }
    }

    private bool MakeRoom(Segment segment, int slots, bool isPoint, bool mayWait)
    {
        lock (_gate)
        {
            long? deadline = null;
            while (true)
            {
                ObjectDisposedException.ThrowIf(_closed, typeof(Tracker));
                if (_current != segment)
                    return true;
                bool hasRoom = segment.Tail < segment.Capacity;
                if (isPoint && hasRoom && segment.Tail < segment.PointLimit)
                    return true;
                if (isPoint && hasRoom && (_spare is not null || TryMakeSpare()))
                {
                    segment.PointLimit = segment.Capacity;
                    return true;
                }

                if (!(isPoint && hasRoom) && TryAdvance(segment, slots))
                    return true;
                if (!mayWait || _options.OnFull == OnFull.Drop)
                    return false;
                long now = Environment.TickCount64;
                deadline ??= now + (long)_options.FullTimeout.TotalMilliseconds;
                if (now >= deadline)
                    return false;
                Monitor.Wait(_gate, (int)Math.Min(100, deadline.Value - now));
            }
        }
    }

    // A point may not go past its limit into an empty next segment either: then only the reserve would be left for what matters more.
    private bool TryAdvance(Segment segment, int slots)
    {
        if (_spare is not null && _spare.Capacity < slots)
        {
            _bytes -= _spare.Bytes;
            _spare.Delete();
            _spare = null;
        }

        if (_spare is null && !TryMakeSpare(slots))
            return false;
        Segment next = _spare!;
        _spare = null;
        next.PointLimit = LimitWithoutSpare(next);
        segment.Next = next;
        _current = next;
        return true;
    }

    private bool TryMakeSpare(int atLeast = 0)
    {
        if (Environment.TickCount64 < _retryAt)
            return false;
        int number = _current.Number + 1;
        long first = _current.FirstPosition + _current.Capacity;
        int wanted = Math.Max(SegmentSlots[Math.Min(number, SegmentSlots.Length - 1)], atLeast);
        int smallest = Math.Max(SegmentSlots[0], atLeast);
        string? error = null;
        foreach (int slots in wanted == smallest ? [wanted] : (int[])[wanted, smallest])
        {
            if (_bytes + ((long)slots * Slot.Size) > _options.MaxBytes)
            {
                error ??= $"the journal has reached JournalOptions.MaxBytes ({_options.MaxBytes:N0} bytes)";
                continue;
            }

            try
            {
                _spare = Create(number, first, slots);
                _spare.PopulateAhead(Segment.LeastAhead);
                Volatile.Write(ref _fullBecause, null);
                return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                error = exception.Message;
            }
        }

        Volatile.Write(ref _fullBecause, error);
        _retryAt = Environment.TickCount64 + 100;
        return false;
    }

    private Segment Create(int number, long firstPosition, int slots)
    {
        Segment segment = Segment.Create(Folder, Owner.Journal, number, firstPosition, slots, _mapped);
        _bytes += segment.Bytes;
        if (OperatingSystem.IsLinux())
            Posix.SyncFolder(Folder);
        return segment;
    }

    private static int LimitWithoutSpare(Segment segment) => segment.Capacity - Math.Max(segment.Capacity / 8, 512);
}
