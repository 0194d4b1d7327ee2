using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>A journal whose owner is gone and whose lock this process has taken. It is read to its end, then deleted.</summary>
internal sealed class DeadJournal : IDisposable
{
    private readonly OwnerLock _lock;
    private readonly List<(string Path, int Number, long First)> _segments = [];
    private readonly Dictionary<uint, SeriesKey> _series = [];
    private TrackingRecord.RunStarted? _lastStart;

    public DeadJournal(string folder, OwnerLock ownerLock)
    {
        Folder = folder;
        _lock = ownerLock;
        foreach (string path in Directory.EnumerateFiles(folder, "*.seg"))
        {
            if (Segment.TryParseFileName(Path.GetFileName(path), out int number, out long first))
                _segments.Add((path, number, first));
        }

        _segments.Sort((a, b) => a.Number.CompareTo(b.Number));
    }

    public string Folder { get; }

    public LeaseOwner Owner => _lock.Owner;

    /// <summary>Slots that were damaged, and bytes that are missing from files that were cut.</summary>
    public JournalDamage Damage { get; private set; } = new(0, 0, 0);

    /// <summary>Reads the records from a position on, as batches.</summary>
    /// <param name="cursor">Where the store stands.</param>
    /// <param name="batch">Filled anew for each batch.</param>
    /// <returns>The position after each batch; the caller sends the batch before it asks for the next.</returns>
    public IEnumerable<long> ReadBatches(long cursor, BatchBuilder batch)
    {
        // A definition may stand in a later segment than the point that needs it.
        foreach (var segment in _segments)
            ReadDefinitions(segment.Path, segment.Number);

        for (int i = 0; i < _segments.Count; i++)
        {
            (string path, int number, long first) = _segments[i];
            byte[] bytes = File.ReadAllBytes(path);
            if (i + 1 < _segments.Count)
            {
                long cut = ((_segments[i + 1].First - first) * Slot.Size) - bytes.Length;
                if (cut > 0)
                    Damage = Damage with { CutBytes = Damage.CutBytes + cut };
            }

            if (bytes.Length % Slot.Size != 0)
                Damage = Damage with { CutBytes = Damage.CutBytes + (Slot.Size - (bytes.Length % Slot.Size)) };
            int index = (int)Math.Clamp(cursor - first, 0, bytes.Length / Slot.Size);
            while (ReadBatch(bytes, ref index, number, batch))
                yield return first + index;
            if (batch.Count > 0)
                yield return first + index;
        }
    }

    public void DeleteSegments()
    {
        foreach (var segment in _segments)
            File.Delete(segment.Path);
    }

    public void DeleteFolder()
    {
        Directory.Delete(Folder, recursive: true);
        Dispose();
    }

    public void Dispose() => _lock.Dispose();

    // True when the batch is full.
    private bool ReadBatch(byte[] bytes, ref int index, int number, BatchBuilder batch)
    {
        ReadOnlySpan<byte> slots = bytes.AsSpan(0, bytes.Length / Slot.Size * Slot.Size)[(index * Slot.Size)..];
        var reader = new SlotReader(slots, index, Slot.Seed(Owner.Journal, number), ownerIsDead: true);
        while (!batch.IsFull && reader.Read())
        {
            switch (reader.Kind)
            {
                case RecordKind.Point when _series.TryGetValue(reader.PointSeries, out SeriesKey? series):
                    batch.Add(series, reader.Point);
                    break;
                case RecordKind.Point:
                    Damage = Damage with { NamelessPoints = Damage.NamelessPoints + 1 };
                    break;
                case RecordKind.SeriesDefined:
                    break;
                default:
                    _lastStart = batch.Add(reader.Kind, reader.Record, _lastStart);
                    break;
            }
        }

        Damage = Damage with { Slots = Damage.Slots + reader.Damaged };
        index = reader.Index;
        return batch.IsFull;
    }

    private void ReadDefinitions(string path, int number)
    {
        byte[] bytes = File.ReadAllBytes(path);
        var reader = new SlotReader(bytes.AsSpan(0, bytes.Length / Slot.Size * Slot.Size), 0, Slot.Seed(Owner.Journal, number), ownerIsDead: true);
        while (reader.Read())
        {
            if (reader.Kind != RecordKind.SeriesDefined)
                continue;
            var payload = new PayloadReader(reader.Record);
            uint series = payload.ReadUInt32();
            _series.TryAdd(series, new SeriesKey(series, new RunId(payload.ReadString()), payload.ReadString()));
        }
    }
}
