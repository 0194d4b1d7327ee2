namespace MLOps.Tracking;

/// <summary>How the journal keeps what was logged until the store has it.</summary>
public sealed class JournalOptions
{
    /// <summary>The folder of the journals of one store. Default: the store's choice, for SQLite <c>mlops.journal</c> beside the database. A network disk is refused.</summary>
    public string? Folder { get; set; }

    /// <summary>How often records are synced to the disk, so that a power loss costs no more. Default 100 ms; at least 10 ms, at most 1 h.</summary>
    public TimeSpan SyncInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often records go to the store while nobody waits for them. Default 100 ms; at least 1 ms, at most 1 min.</summary>
    public TimeSpan ApplyInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The most disk space that one process's journal takes, in bytes. Beyond it the journal counts as full. Default 16 GiB; at least 1 MiB.</summary>
    public long MaxBytes { get; set; } = 16L << 30;

    /// <summary>What a log call does when the disk is full. Default <see cref="OnFull.Drop"/>.</summary>
    public OnFull OnFull { get; set; } = OnFull.Drop;

    /// <summary>How long a call waits for space with <see cref="OnFull.Wait"/>. Default 30 s; at most 1 day.</summary>
    public TimeSpan FullTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the segments are mapped into memory. Null decides by the file system; false writes each record with a system call, about 1 µs.</summary>
    public bool? MemoryMapped { get; set; }
}
