using System.Buffers;
using System.Text;
using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>A prepared statement: values are given in the order of their placeholders, then it is run, or queried row by row.</summary>
internal sealed class Statement(Connection connection, sqlite3_stmt handle) : IDisposable
{
    private const int StackBytes = 768;
    private int _given;

    /// <summary>How many rows it has read that no index led to, since it was prepared.</summary>
    public int FullScanSteps => raw.sqlite3_stmt_status(handle, raw.SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);

    /// <summary>How many instructions of SQLite's machine it has run, since it was prepared.</summary>
    public int Instructions => raw.sqlite3_stmt_status(handle, raw.SQLITE_STMTSTATUS_VM_STEP, 0);

    public Statement With(long value) => Given(raw.sqlite3_bind_int64(handle, ++_given, value));

    /// <summary>Gives a number; SQLite has no NaN and stores NULL for it, infinities it keeps.</summary>
    public Statement With(double value) => Given(raw.sqlite3_bind_double(handle, ++_given, value));

    public Statement With(long? value) => value is { } number ? With(number) : Given(raw.sqlite3_bind_null(handle, ++_given));

    public Statement With(in MetricPoint point) => With(point.Step).With(point.TimestampMs).With(point.Value);

    public Statement With(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return With(bytes);
    }

    public Statement With(ReadOnlySpan<byte> value) => Given(raw.sqlite3_bind_blob(handle, ++_given, value));

    public Statement With(string? value)
    {
        // An empty span has no address, and SQLite reads "no address" as NULL.
        if (string.IsNullOrEmpty(value))
            return Given(value is null ? raw.sqlite3_bind_null(handle, ++_given) : raw.sqlite3_bind_text(handle, ++_given, ""));
        int most = Encoding.UTF8.GetMaxByteCount(value.Length);
        byte[]? rented = most <= StackBytes ? null : ArrayPool<byte>.Shared.Rent(most);
        Span<byte> utf8 = rented ?? stackalloc byte[StackBytes];
        int length = Encoding.UTF8.GetBytes(value, utf8);
        int code = raw.sqlite3_bind_text(handle, ++_given, (ReadOnlySpan<byte>)utf8[..length]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return Given(code);
    }

    /// <summary>Runs the statement to its end.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        using Rows rows = Query();
        while (rows.Next())
        {
        }

        return connection.Changes;
    }

    public Rows Query() => new(this);

    public bool Step() => connection.Check(raw.sqlite3_step(handle)) == raw.SQLITE_ROW;

    /// <summary>Makes the statement ready for its next use. Its last error, which this call repeats, was raised by <see cref="Step"/>.</summary>
    public void Reset()
    {
        raw.sqlite3_reset(handle);
        _given = 0;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public int Int32(int column) => raw.sqlite3_column_int(handle, column);

    /// <summary>A number; NULL is NaN.</summary>
    public double Double(int column) => IsNull(column) ? double.NaN : raw.sqlite3_column_double(handle, column);

    /// <summary>A point in three columns.</summary>
    public MetricPoint Point(int column) => new(Int64(column), Int64(column + 1), Double(column + 2));

    // As a blob, because SQLitePCL's text ends at the first NUL and a value may contain one.
    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(handle, column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public Guid Guid(int column) => new(Blob(column), bigEndian: true);

    /// <summary>Bytes, valid until the next row.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    public void Dispose() => handle.Dispose();

    private Statement Given(int code)
    {
        connection.Check(code);
        return this;
    }
}
