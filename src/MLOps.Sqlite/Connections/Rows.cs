namespace MLOps.Sqlite.Connections;

/// <summary>The rows of a query; its end makes the statement ready for the next use.</summary>
internal readonly ref struct Rows(Statement statement)
{
    public bool Next() => statement.Step();

    public void Dispose() => statement.Reset();
}
