using MLOps.Sqlite.Connections;
using MLOps.Tracking.Storage;
using SQLitePCL;

namespace MLOps.Sqlite.Schema;

/// <summary>Looks at a file before anything writes to it: is it ours, and of a version that this program knows?</summary>
internal static class FileCheck
{
    /// <summary>Refuses a file that is not ours or is too new, and leaves it as it is.</summary>
    /// <exception cref="StoreVersionException">The file is too new.</exception>
    /// <exception cref="TrackingStoreException">The file belongs to another program.</exception>
    public static void Check(string file, int supported)
    {
        if (!File.Exists(file))
            return;

        // A connection to a WAL file makes -wal and -shm beside it and a writing one may move -wal's pages into it when it closes; both would be traces.
        // Where there is no -wal, nobody has the file open as a store and its own bytes are all there is: "immutable" reads them and makes nothing.
        // (Only then: it closes the file without SQLite's care for the locks that other connections of this process hold.)
        using Connection connection = File.Exists(file + "-wal")
            ? Connection.Open(file, raw.SQLITE_OPEN_READONLY)
            : Connection.Open(FileUri.Of(file) + "?immutable=1", raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI);
        Version(connection, file, supported);
    }

    /// <summary>The version of a file that is ours, 0 when it is empty.</summary>
    /// <inheritdoc cref="Check" path="/exception"/>
    public static int Version(Connection connection, string file, int supported)
    {
        // One statement, for another process may make the tables between two.
        using Statement look = connection.PrepareForOneUse("SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version");
        look.Step();
        long application = look.Int64(0), tables = look.Int64(2);
        int version = look.Int32(1);
        if (application == Migrations.ApplicationId)
            return version <= supported ? version : throw new StoreVersionException(file, version, supported);
        if (application != 0 || version != 0 || tables > 0)
            throw new TrackingStoreException($"'{file}' is a SQLite database of another program. It was left untouched. Choose another file for the store.", isTransient: false);
        return 0;
    }
}
