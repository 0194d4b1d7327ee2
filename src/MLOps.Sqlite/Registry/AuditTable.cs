using MLOps.Registry.Audit;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Registry;

/// <summary>The audit log and the cursors over it, read and written.</summary>
internal sealed class AuditTable(Connection connection)
{
    private const int FirstBuffer = 1 << 12, LargestBuffer = 1 << 16;

    private Statement FindHead => field ??= connection.Prepare("SELECT count, hash, at_ms FROM audit_head");

    private Statement UpdateHead => field ??= connection.Prepare("UPDATE audit_head SET count = ?, hash = ?, at_ms = ?");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO audit(seq, model_key, alias, content, hash) VALUES(?, ?, ?, ?, ?)");

    private Statement FindAll => field ??= connection.Prepare("SELECT seq, content, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?");

    private Statement FindOfModel => field ??= connection.Prepare("SELECT seq, content, hash FROM audit WHERE model_key = ? AND seq > ? ORDER BY seq LIMIT ?");

    private Statement FindOfAlias => field ??= connection.Prepare("SELECT seq, content, hash FROM audit WHERE model_key = ? AND alias = ? AND seq > ? ORDER BY seq LIMIT ?");

    private Statement FindCursor => field ??= connection.Prepare("SELECT position, holder, until FROM audit_cursor WHERE name = ?");

    private Statement UpsertCursor => field ??= connection.Prepare("INSERT OR REPLACE INTO audit_cursor(name, position, holder, until) VALUES(?, ?, ?, ?)");

    private Statement UpdateCursor => field ??= connection.Prepare("UPDATE audit_cursor SET position = ? WHERE name = ? AND holder = ? AND until > ?");

    public AuditHead Head()
    {
        using Rows rows = FindHead.Query();
        return rows.Next()
            ? new AuditHead(FindHead.Int64(0), FindHead.Blob(1).ToArray(), DateTimeOffset.FromUnixTimeMilliseconds(FindHead.Int64(2)))
            : throw new InvalidDataException("The end of the audit log is missing.");
    }

    public void SetHead(AuditHead head) => UpdateHead.With(head.Count).With(head.Hash.Span).With(head.At.ToUnixTimeMilliseconds()).Run();

    public void Append(AuditRecord record, Guid modelKey, RegistryEvent change) =>
        Insert.With(record.Sequence).With(modelKey).With(change.MovedAlias).With(record.Content.Span).With(record.Hash.Span).Run();

    public IReadOnlyList<AuditRecord> Read(long after, int most) => All(FindAll.With(after).With((long)most));

    public IReadOnlyList<AuditRecord> Read(Guid modelKey, string? aliasName, long after, int most) => aliasName is null
        ? All(FindOfModel.With(modelKey).With(after).With((long)most))
        : All(FindOfAlias.With(modelKey).With(aliasName).With(after).With((long)most));

    /// <summary>Takes a cursor, or goes on holding it.</summary>
    /// <returns>Its position; null while another holds it.</returns>
    public long? TakeCursor(string name, Guid holder, DateTimeOffset now, TimeSpan duration)
    {
        long? position = null;
        using (Rows rows = FindCursor.With(name).Query())
        {
            if (rows.Next())
            {
                if (FindCursor.Guid(1) != holder && FindCursor.Int64(2) > now.UtcTicks)
                    return null;
                position = FindCursor.Int64(0);
            }
        }

        position ??= Head().Count;
        UpsertCursor.With(name).With(position.Value).With(holder).With((now + duration).UtcTicks).Run();
        return position;
    }

    public bool MoveCursor(string name, Guid holder, long position, DateTimeOffset now) => UpdateCursor.With(position).With(name).With(holder).With(now.UtcTicks).Run() == 1;

    // Many records share a buffer: two arrays a record would cost more than all else.
    private static List<AuditRecord> All(Statement query)
    {
        List<AuditRecord> found = [];
        Memory<byte> free = default;
        int size = FirstBuffer;
        using Rows rows = query.Query();
        while (rows.Next())
        {
            ReadOnlySpan<byte> content = query.Blob(1), hash = query.Blob(2);
            int length = content.Length + hash.Length;
            if (length > free.Length)
            {
                free = GC.AllocateUninitializedArray<byte>(Math.Max(length, size));
                size = Math.Min(2 * size, LargestBuffer);
            }

            content.CopyTo(free.Span);
            hash.CopyTo(free.Span[content.Length..]);
            found.Add(new AuditRecord(query.Int64(0), free[..content.Length], free[content.Length..length]));
            free = free[length..];
        }

        return found;
    }
}
