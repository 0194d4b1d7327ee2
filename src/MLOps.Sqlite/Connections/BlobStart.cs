using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>Reads how the blobs of a column begin. A query would read them to their end, though the beginning is with the row and the rest on pages of its own.</summary>
internal sealed class BlobStart(Connection connection, string table, string column) : IDisposable
{
    private sqlite3_blob? _blob;

    /// <summary>Reads the beginning of the blob of a row that exists.</summary>
    /// <returns>The part of <paramref name="room"/> that it fills: less than all when the blob is shorter.</returns>
    public ReadOnlySpan<byte> Read(long row, Span<byte> room)
    {
        _blob = connection.OpenBlob(_blob, table, column, row);
        Span<byte> start = room[..Math.Min(room.Length, raw.sqlite3_blob_bytes(_blob))];
        connection.Check(raw.sqlite3_blob_read(_blob, start, 0));
        return start;
    }

    public void Dispose() => _blob?.Dispose();
}
