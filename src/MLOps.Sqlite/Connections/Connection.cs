using System.Globalization;
using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>One connection to the file, used by one thread at a time.</summary>
internal sealed class Connection : IDisposable
{
    /// <summary>A question of a text, in UTF-8, and a number.</summary>
    public delegate bool TextQuestion(ReadOnlySpan<byte> utf8, long number);

    private readonly sqlite3 _handle;
    private readonly List<Statement> _statements = [];
    private readonly List<delegate_function_scalar> _functions = [];

    static Connection() => Batteries_V2.Init();

    private Connection(sqlite3 handle) => _handle = handle;

    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    public bool IsReadOnly => raw.sqlite3_db_readonly(_handle, "main") == 1;

    public long LastInsertId => raw.sqlite3_last_insert_rowid(_handle);

    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>How many rows its kept statements have read that no index led to.</summary>
    public int FullScanSteps => _statements.Sum(statement => statement.FullScanSteps);

    private Statement BeginRead => field ??= Prepare("BEGIN");

    private Statement BeginWrite => field ??= Prepare("BEGIN IMMEDIATE");

    private Statement CommitWork => field ??= Prepare("COMMIT");

    public static Connection Open(string file, int flags)
    {
        int code = raw.sqlite3_open_v2(file, out sqlite3 handle, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        if (code == raw.SQLITE_OK)
        {
            raw.sqlite3_extended_result_codes(handle, 1);
            return new Connection(handle);
        }

        string message = raw.sqlite3_errstr(code).utf8_to_string();
        handle.Dispose();
        throw new SqliteErrorException(code, message);
    }

    public Statement Prepare(string sql)
    {
        Statement prepared = PrepareForOneUse(sql);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>Lets SQL ask a question of a text and a number. The answer must not raise.</summary>
    public void AddFunction(string name, TextQuestion answer)
    {
        // SQLite keeps no hold on it.
        delegate_function_scalar function = (context, _, args) =>
            raw.sqlite3_result_int(context, answer(raw.sqlite3_value_blob(args[0]), raw.sqlite3_value_int64(args[1])) ? 1 : 0);
        _functions.Add(function);
        Check(raw.sqlite3_create_function(_handle, name, 2, raw.SQLITE_UTF8, null, function));
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>Asks a query once and takes the first column of its first row.</summary>
    public string QueryText(string sql)
    {
        using Statement statement = PrepareForOneUse(sql);
        return statement.Step() ? statement.Text(0) : "";
    }

    /// <summary>Prepares a query that is asked once; the caller disposes it.</summary>
    public Statement PrepareForOneUse(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt statement));
        return new Statement(this, statement);
    }

    /// <summary>Opens a blob to read it in parts, or moves one that is open to another row. The caller disposes it before the transaction ends.</summary>
    public sqlite3_blob OpenBlob(sqlite3_blob? open, string table, string column, long row)
    {
        if (open is not null)
        {
            Check(raw.sqlite3_blob_reopen(open, row));
            return open;
        }

        Check(raw.sqlite3_blob_open(_handle, "main", table, column, row, 0, out sqlite3_blob blob));
        return blob;
    }

    /// <summary>Ends what the connection is doing with <c>SQLITE_INTERRUPT</c>. May be called from another thread while the connection is open.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_handle);

    public void BeginReading() => BeginRead.Run();

    public void BeginWriting() => BeginWrite.Run();

    public void Commit() => CommitWork.Run();

    /// <summary>Ends a transaction without effect; SQLite itself may have ended it after an error.</summary>
    public void Rollback()
    {
        foreach (Statement statement in _statements)
            statement.Reset();
        if (InTransaction)
            Execute("ROLLBACK");
    }

    /// <summary>How large the file would be without its free pages.</summary>
    public long UsedBytes =>
        long.Parse(QueryText("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"), CultureInfo.InvariantCulture);

    /// <summary>Writes the file anew without its free pages, in one transaction.</summary>
    public bool Vacuum()
    {
        Execute("VACUUM");
        return true;
    }

    /// <summary>Moves all of <c>-wal</c> into the file and cuts it to nothing.</summary>
    /// <exception cref="SqliteErrorException">Somebody still reads from it (<c>SQLITE_BUSY</c>).</exception>
    public bool EmptyLog()
    {
        // Its row, not its result code, says that readers were in the way.
        using Statement checkpoint = PrepareForOneUse("PRAGMA wal_checkpoint(TRUNCATE)");
        return checkpoint.Step() && checkpoint.Int64(0) == 0 ? true : throw new SqliteErrorException(raw.SQLITE_BUSY, "the log is being read");
    }

    public int Check(int code) => code is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE
        ? code
        : throw new SqliteErrorException(code, raw.sqlite3_errmsg(_handle).utf8_to_string());

    public void Dispose()
    {
        foreach (Statement statement in _statements)
            statement.Dispose();
        _handle.Dispose();
    }
}
