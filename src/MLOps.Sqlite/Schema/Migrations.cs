using MLOps.Sqlite.Connections;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Schema;

/// <summary>The steps from an empty file to the present schema. The file's <c>user_version</c> is the number of steps that it has taken.</summary>
internal static class Migrations
{
    /// <summary>"MLOp": what marks a SQLite file as ours.</summary>
    public const int ApplicationId = 0x4D4C4F70;

    /// <summary>A step is never changed once it has been released; a change of the schema is a new step.</summary>
    public static IReadOnlyList<Action<Connection, NewStore>> Steps { get; } = [FirstTables.Create, LifecycleTables.Create, PurgeIndexes.Create, SearchIndexes.Create, RegistryTables.Create, LoggedModelTables.Create];

    /// <summary>Brings a file to the last of the steps, in one transaction, whichever of several processes comes first.</summary>
    /// <returns>The version found.</returns>
    /// <exception cref="StoreVersionException">The file has taken more steps than these.</exception>
    public static int Apply(Connection connection, string file, IReadOnlyList<Action<Connection, NewStore>> steps, NewStore store)
    {
        if (FileCheck.Version(connection, file, steps.Count) == steps.Count)
            return steps.Count;
        connection.BeginWriting();
        try
        {
            // Another process may have taken the steps while this one waited for the lock.
            int found = FileCheck.Version(connection, file, steps.Count);
            for (int step = found; step < steps.Count; step++)
                steps[step](connection, store);
            if (found < steps.Count)
                connection.Execute($"PRAGMA application_id={ApplicationId}; PRAGMA user_version={steps.Count}");
            connection.Commit();
            return found;
        }
        catch
        {
            connection.Rollback();
            throw;
        }
    }
}
