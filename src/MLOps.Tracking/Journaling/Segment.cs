using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MLOps.Tracking.Journaling;

/// <summary>
/// One append-only file of slots. Threads reserve slots with one atomic add and publish each record by storing its commit word last.
/// Mapped into memory where the file system can be trusted with it, written with positional writes elsewhere.
/// </summary>
/// <remarks>The file's name carries its place in the journal, <c>&lt;number&gt;-&lt;first position&gt;.seg</c> in hex, so that no header can be damaged.</remarks>
internal sealed unsafe class Segment : IDisposable
{
    /// <summary>How many bytes ahead of the writers pages are faulted in at least.</summary>
    public const long LeastAhead = 256 << 10;

    private readonly SafeFileHandle _file;
    private readonly byte* _base;
    private readonly long _length;
    private readonly uint _seed;
    private readonly Lock _mapping = new();
    private PaddedLong _tail;
    private long _sealedAt = long.MaxValue;
    private long _populated, _synced;
    private bool _disposed;
    private volatile Segment? _next;
    private volatile int _pointLimit;

    private Segment(string path, Guid journal, int number, long firstPosition, int capacity, SafeFileHandle file, byte* mapping)
    {
        Path = path;
        Number = number;
        FirstPosition = firstPosition;
        Capacity = capacity;
        _pointLimit = capacity;
        _file = file;
        _base = mapping;
        _length = (long)capacity * Slot.Size;
        _seed = Slot.Seed(journal, number);
    }

    public string Path { get; private set; }

    public int Number { get; }

    /// <summary>The position of slot 0 in the journal.</summary>
    public long FirstPosition { get; }

    /// <summary>The number of slots.</summary>
    public int Capacity { get; }

    public long Bytes => _length;

    public uint Seed => _seed;

    /// <summary>The segment that follows, once a writer needed one.</summary>
    public Segment? Next { get => _next; set => _next = value; }

    /// <summary>Slots from here on are kept for params, tags and status; <see cref="Capacity"/> when a spare segment stands by.</summary>
    public int PointLimit { get => _pointLimit; set => _pointLimit = value; }

    /// <summary>The number of slots reserved so far.</summary>
    public int Tail => (int)Math.Min(Math.Min(Volatile.Read(ref _tail.Value), Capacity), Volatile.Read(ref _sealedAt));

    public static string FileName(int number, long firstPosition) => string.Create(CultureInfo.InvariantCulture, $"{number:x8}-{firstPosition:x16}.seg");

    public static bool TryParseFileName(string name, out int number, out long firstPosition)
    {
        number = 0;
        firstPosition = 0;
        return name.Length == 29 && name[8] == '-' && name.EndsWith(".seg", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            && long.TryParse(name.AsSpan(9, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out firstPosition);
    }

    /// <summary>Makes a segment file with all its space allocated.</summary>
    /// <exception cref="IOException">No space, or the folder cannot be written; no file is left behind.</exception>
    public static Segment Create(string folder, Guid journal, int number, long firstPosition, int capacity, bool mapped)
    {
        string path = System.IO.Path.Combine(folder, FileName(number, firstPosition));
        long bytes = (long)capacity * Slot.Size;
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            byte* mapping = null;
            if (mapped && OperatingSystem.IsLinux())
            {
                int error = Posix.Allocate(file, bytes);
                if (error != 0)
                    throw new IOException($"Cannot allocate {bytes:N0} bytes for '{path}': {Marshal.GetPInvokeErrorMessage(error)}.");
                mapping = Posix.Map(file, bytes);
            }

            return new Segment(path, journal, number, firstPosition, capacity, file, mapping);
        }
        catch
        {
            file?.Dispose();
            if (file is not null)
                File.Delete(path);
            throw;
        }
    }

    /// <summary>Reserves slots.</summary>
    /// <param name="count">How many, side by side.</param>
    /// <param name="index">The first of them.</param>
    /// <returns>False when the segment is full.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReserve(int count, out int index)
    {
        long end = Interlocked.Add(ref _tail.Value, count);
        long start = end - count;
        index = (int)start;
        if (end <= Capacity)
            return true;
        if (start < Capacity)
            PadFrom(index);
        return false;
    }

    /// <summary>Ends the segment where it stands: later reservations fail.</summary>
    public void Seal()
    {
        long beyond = Capacity + 1L;
        Volatile.Write(ref _sealedAt, Interlocked.Add(ref _tail.Value, beyond) - beyond);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WritePoint(int index, uint series, long step, long timestampMs, double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        uint crc = Slot.CrcStart(_seed, index, RecordKind.Point, 1);
        crc = Slot.CrcPayload(crc, series, (ulong)step, (ulong)timestampMs, bits, 0);
        ulong word = Slot.Word(RecordKind.Point, 1, crc);
        if (_base != null)
        {
            ulong* slot = (ulong*)(_base + ((long)index * Slot.Size));
            slot[1] = series;
            slot[2] = (ulong)step;
            slot[3] = (ulong)timestampMs;
            slot[4] = bits;
            Volatile.Write(ref slot[0], word);
        }
        else
        {
            ReadOnlySpan<ulong> slot = [word, series, (ulong)step, (ulong)timestampMs, bits, 0];
            RandomAccess.Write(_file, MemoryMarshal.AsBytes(slot), (long)index * Slot.Size);
        }
    }

    /// <summary>Writes a record over slots that were reserved for it.</summary>
    /// <param name="index">The first slot.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="payload">A whole number of slot payloads.</param>
    public void WriteRecord(int index, RecordKind kind, ReadOnlySpan<byte> payload)
    {
        int count = payload.Length / Slot.PayloadSize;
        uint crc = Slot.CrcStart(_seed, index, kind, count);
        for (int i = 0; i < count; i++)
            crc = Slot.CrcPayload(crc, payload.Slice(i * Slot.PayloadSize, Slot.PayloadSize));
        ulong word = Slot.Word(kind, count, crc);

        for (int i = count - 1; i >= 0; i--)
            WriteSlot(index + i, i == 0 ? word : Slot.Filler(_seed, index + i, RecordKind.Continuation), payload.Slice(i * Slot.PayloadSize, Slot.PayloadSize));
    }

    /// <summary>The slots as they are now, from one on. In memory where mapped; read into the buffer elsewhere.</summary>
    public ReadOnlySpan<byte> Read(int from, ref byte[] buffer)
    {
        if (_base != null)
            return new ReadOnlySpan<byte>(_base, (int)_length)[(from * Slot.Size)..];

        int bytes = (Tail - from) * Slot.Size;
        if (buffer.Length < bytes)
            buffer = new byte[bytes];
        int got = RandomAccess.Read(_file, buffer.AsSpan(0, bytes), (long)from * Slot.Size);
        return buffer.AsSpan(0, got / Slot.Size * Slot.Size);
    }

    /// <summary>Faults pages in ahead of the writers.</summary>
    public void PopulateAhead(long ahead)
    {
        if (_base == null || !OperatingSystem.IsLinux())
            return;
        lock (_mapping)
        {
            long wanted = Math.Min(_length, ((long)Tail * Slot.Size) + ahead);
            // In steps, so that a busy keeper does not make a system call for each page.
            if (_disposed || wanted <= _populated || (wanted < _length && wanted - _populated < ahead / 4))
                return;
            long start = _populated / Environment.SystemPageSize * Environment.SystemPageSize;
            Posix.Populate(_base + start, wanted - start);
            _populated = wanted;
        }
    }

    /// <summary>Makes records survive a power loss.</summary>
    /// <param name="all">All that is reserved; else whole pages behind the writers, which keeps the page that they write to writable.</param>
    /// <returns>False when the disk refused.</returns>
    public bool Sync(bool all)
    {
        lock (_mapping)
        {
            long end = (long)Tail * Slot.Size;
            if (_disposed || end <= _synced)
                return true;
            if (_base == null || !OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(_file);
                _synced = end;
                return true;
            }

            long page = Environment.SystemPageSize;
            long start = _synced / page * page;
            long stop = all ? end : end / page * page;
            if (stop <= start)
                return true;
            if (!Posix.Sync(_base + start, stop - start))
                return false;
            _synced = stop;
            return true;
        }
    }

    /// <summary>Takes note that the journal's folder has its final name now.</summary>
    public void MovedTo(string folder) => Path = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(Path));

    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    public void Dispose()
    {
        lock (_mapping)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_base != null && OperatingSystem.IsLinux())
                Posix.Unmap(_base, _length);
            _file.Dispose();
        }
    }

    private void PadFrom(int index)
    {
        Span<byte> nothing = stackalloc byte[Slot.PayloadSize];
        nothing.Clear();
        for (; index < Capacity; index++)
            WriteSlot(index, Slot.Filler(_seed, index, RecordKind.Pad), nothing);
    }

    private void WriteSlot(int index, ulong word, ReadOnlySpan<byte> payload)
    {
        long offset = (long)index * Slot.Size;
        if (_base != null)
        {
            byte* slot = _base + offset;
            payload.CopyTo(new Span<byte>(slot + sizeof(ulong), Slot.PayloadSize));
            Volatile.Write(ref *(ulong*)slot, word);
        }
        else
        {
            Span<byte> slot = stackalloc byte[Slot.Size];
            MemoryMarshal.Write(slot, word);
            payload.CopyTo(slot[sizeof(ulong)..]);
            RandomAccess.Write(_file, slot, offset);
        }
    }

    // The one word that all logging threads write: alone on its cache lines.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct PaddedLong
    {
        [FieldOffset(128)]
        public long Value;
    }
}
