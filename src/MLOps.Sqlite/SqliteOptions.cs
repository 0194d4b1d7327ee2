namespace MLOps.Sqlite;

/// <summary>How a SQLite store is opened and used.</summary>
public sealed class SqliteOptions
{
    /// <summary>How long a write or a read waits for another process that has locked the file before it raises a transient error. Default: 30 s; zero tries once.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The URI under which experiments get their artifact location, <c>ArtifactRoot/experiment id</c>. Null, the default, means the folder beside
    /// the database that has its name and ends in <c>.artifacts</c>: <c>file:///data/mlops.artifacts</c> for <c>/data/mlops.db</c>.
    /// Experiments that exist keep the location that they were made with.
    /// </summary>
    public string? ArtifactRoot { get; set; }

    // Each writing connection runs them after its own; tests make a disk full or read-only with them.
    internal string ExtraPragmas { get; set; } = "";

    // How much room a folder has; tests make a disk small with it.
    internal Func<string, long> FreeBytes { get; set; } = Connections.TemporaryFiles.FreeBytes;
}
