using MLOps.Tracking.Storage;
using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>Puts what SQLite answers into words that say what to do next.</summary>
internal static class Faults
{
    public static TrackingStoreException Explain(SqliteErrorException error, string file, TimeSpan waited)
    {
        (bool isTransient, string advice) = error.Code switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL => (true, $"Another process has locked it for {waited.TotalSeconds:0.#} s. Look for a program that holds a transaction open on it, such as a database browser or a backup."),
            raw.SQLITE_FULL => (true, "The disk is full. Free space on it; nothing is lost that has been committed."),
            raw.SQLITE_IOERR => (true, "The disk did not read or write. Check the disk and the file system; nothing is lost that has been committed."),
            raw.SQLITE_NOMEM => (true, "The memory of this process is at its end."),
            raw.SQLITE_READONLY => (false, "It cannot be written. Give this process write permission for the file and its folder, or choose another place."),
            raw.SQLITE_CANTOPEN => (false, "It cannot be opened. Check that this process may read and write the file and its folder, and that the disk is there."),
            raw.SQLITE_NOTADB => (false, "It is not a SQLite database. It was left untouched. Choose another file for the store."),
            raw.SQLITE_CORRUPT => (false, "It is damaged. Keep a copy, check the disk, and restore a backup or try 'sqlite3 <file> .recover'."),
            _ => (false, "SQLite refused."),
        };
        return new TrackingStoreException($"Store '{file}': {advice} (SQLite: {error.Message})", isTransient, error);
    }

    /// <summary>Whether a connection that raised the error is still to be trusted.</summary>
    public static bool IsHarmless(Exception error) => error is not SqliteErrorException { Code: not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_CONSTRAINT) };
}
