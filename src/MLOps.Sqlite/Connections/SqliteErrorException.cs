using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>What SQLite answered, before the store puts it into the words of a <c>TrackingStoreException</c>.</summary>
internal sealed class SqliteErrorException(int code, string message) : Exception(message)
{
    /// <summary>The primary result code: the extended one without its details.</summary>
    public int Code { get; } = code & 0xFF;

    // PROTOCOL: readers and writers have met too often in a row at the locks of the log.
    public bool IsLocked => Code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL;

    public bool IsDamage => Code is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
}
