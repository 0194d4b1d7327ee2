using MLOps.Registry.Audit;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Registry;

/// <summary>The audit log and the cursors over it.</summary>
internal sealed class AuditTable(Connection connection)
{
    private Statement SelectHead => field ??= connection.Prepare("SELECT count, hash, at_ms FROM audit_head");

    private Statement UpdateHead => field ??= connection.Prepare("UPDATE audit_head SET count = ?, hash = ?, at_ms = ?");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO audit(sequence, model, alias, hash, content) VALUES(?, ?, ?, ?, ?)");

    private Statement SelectAll => field ??= connection.Prepare("SELECT sequence, hash, content FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?");

    private Statement SelectOfModel => field ??= connection.Prepare("SELECT sequence, hash, content FROM audit WHERE model = ? AND sequence > ? ORDER BY sequence LIMIT ?");

    private Statement SelectOfAlias => field ??= connection.Prepare("SELECT sequence, hash, content FROM audit WHERE model = ? AND alias = ? AND sequence > ? ORDER BY sequence LIMIT ?");

    private Statement SelectKeys => field ??= connection.Prepare("SELECT key FROM model_name WHERE name = ? ORDER BY sequence DESC");

    private Statement InsertName => field ??= connection.Prepare("INSERT INTO model_name(name, sequence, key) VALUES(?, ?, ?)");

    private Statement SelectCursor => field ??= connection.Prepare("SELECT position, holder, until_ms FROM audit_cursor WHERE name = ?");

    private Statement UpsertCursor => field ??= connection.Prepare(
        "INSERT INTO audit_cursor(name, position, holder, until_ms) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET position = excluded.position, holder = excluded.holder, until_ms = excluded.until_ms");

    private Statement UpdateCursor => field ??= connection.Prepare("UPDATE audit_cursor SET position = ? WHERE name = ? AND holder = ? AND until_ms > ?");

    public AuditHead Head()
    {
        using Rows rows = SelectHead.Query();
        return rows.Next()
            ? new AuditHead(SelectHead.Int64(0), SelectHead.Blob(1).ToArray(), DateTimeOffset.FromUnixTimeMilliseconds(SelectHead.Int64(2)))
            : AuditHead.Empty;
    }

    public AuditHead Append(AuditHead head, RegistryCommit commit, RegistryEvent change)
    {
        AuditRecord record = AuditRecord.After(head, commit.At, commit.ModelKey, commit.Actor, change);
        Insert.With(record.Sequence).With(commit.ModelKey).With(change.MovedAlias).With(record.Hash.Span).With(record.Content.Span).Run();
        string? name = change switch { RegistryEvent.ModelCreated created => created.Name, RegistryEvent.ModelRenamed renamed => renamed.To, _ => null };
        if (name is not null)
            InsertName.With(name).With(record.Sequence).With(commit.ModelKey).Run();
        return record.ToHead();
    }

    public void SetHead(AuditHead head) => UpdateHead.With(head.Count).With(head.Hash.Span).With(head.At.ToUnixTimeMilliseconds()).Run();

    public IReadOnlyList<AuditRecord> Read(long after, int most) => Read(SelectAll.With(after).With(most), most);

    public IReadOnlyList<AuditRecord> Read(Guid model, string? alias, long after, int most) =>
        Read(alias is null ? SelectOfModel.With(model).With(after).With(most) : SelectOfAlias.With(model).With(alias).With(after).With(most), most);

    public IReadOnlyList<Guid> Keys(string name)
    {
        List<Guid> keys = [];
        using Rows rows = SelectKeys.With(name).Query();
        while (rows.Next())
        {
            Guid key = SelectKeys.Guid(0);
            if (!keys.Contains(key))
                keys.Add(key);
        }

        return keys;
    }

    public long? TakeCursor(string name, Guid holder, TimeSpan duration, long nowMs)
    {
        long? position = null;
        using (Rows rows = SelectCursor.With(name).Query())
        {
            if (rows.Next())
            {
                if (SelectCursor.Guid(1) != holder && SelectCursor.Int64(2) > nowMs)
                    return null;
                position = SelectCursor.Int64(0);
            }
        }

        position ??= Head().Count;
        UpsertCursor.With(name).With(position).With(holder).With(nowMs + (long)duration.TotalMilliseconds).Run();
        return position;
    }

    public bool MoveCursor(string name, Guid holder, long position, long nowMs) => UpdateCursor.With(position).With(name).With(holder).With(nowMs).Run() > 0;

    // The rows lie one behind the other in blocks: two arrays a row would cost more than reading them.
    private static List<AuditRecord> Read(Statement query, int most)
    {
        const int BlockBytes = 1 << 18;
        List<AuditRecord> records = new(Math.Min(most, 1_024));
        byte[] block = [];
        int used = 0;
        using Rows rows = query.Query();
        while (rows.Next())
        {
            long sequence = query.Int64(0);
            ReadOnlySpan<byte> hash = query.Blob(1), content = query.Blob(2);
            int length = hash.Length + content.Length;
            if (block.Length - used < length)
            {
                block = GC.AllocateUninitializedArray<byte>(Math.Max(BlockBytes, length));
                used = 0;
            }

            hash.CopyTo(block.AsSpan(used));
            content.CopyTo(block.AsSpan(used + hash.Length));
            records.Add(new AuditRecord(sequence, block.AsMemory(used + hash.Length, content.Length), block.AsMemory(used, hash.Length)));
            used += length;
        }

        return records;
    }
}
