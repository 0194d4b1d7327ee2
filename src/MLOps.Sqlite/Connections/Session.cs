using MLOps.Sqlite.Checks;
using MLOps.Sqlite.Datasets;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Leases;
using MLOps.Sqlite.LoggedModels;
using MLOps.Sqlite.Metrics;
using MLOps.Sqlite.Registry;
using MLOps.Sqlite.Runs;
using MLOps.Sqlite.Search;

namespace MLOps.Sqlite.Connections;

/// <summary>A connection and the tables seen through it, with their prepared statements and, for the writer, what it remembers of their rows.</summary>
internal sealed class Session : IDisposable
{
    private long _seenVersion;

    public Session(Connection connection)
    {
        Connection = connection;
        Keys = new KeyTable(connection);
        Experiments = new ExperimentTable(connection, Keys);
        Runs = new RunTable(connection, Keys);
        RunReader = new RunReader(connection);
        TextTests = new TextTests(connection);
        RunSearch = new RunSearch(this);
        ExperimentSearch = new ExperimentSearch(this);
        Purges = new PurgeTable(connection);
        Leases = new LeaseTable(connection);
        Datasets = new DatasetTable(connection);
        Series = new SeriesTable(connection);
        Points = new PointWriter(connection, Series);
        SeriesReader = new SeriesReader(connection);
    }

    public Connection Connection { get; }

    public KeyTable Keys { get; }

    public ExperimentTable Experiments { get; }

    public RunTable Runs { get; }

    public RunReader RunReader { get; }

    public TextTests TextTests { get; }

    public RunSearch RunSearch { get; }

    public ExperimentSearch ExperimentSearch { get; }

    public PurgeTable Purges { get; }

    public LeaseTable Leases { get; }

    public DatasetTable Datasets { get; }

    // Seen when first asked for: most who log have none.
    public LoggedModelTable LoggedModels => field ??= new LoggedModelTable(Connection, Keys, Experiments);

    public SeriesTable Series { get; }

    public PointWriter Points { get; }

    public SeriesReader SeriesReader { get; }

    public StoreCheck Check => field ??= new StoreCheck(Connection);

    // The registry's tables are seen when they are first asked for, so that trackers pay nothing for them.
    public AliasTable Aliases => field ??= new AliasTable(Connection);

    public ModelTable Models => field ??= new ModelTable(Connection, Keys, Aliases);

    public VersionTable Versions => field ??= new VersionTable(Connection, Keys, Aliases);

    public PromotionTable Promotions => field ??= new PromotionTable(Connection);

    public AuditTable Audit => field ??= new AuditTable(Connection);

    public RegistrySearch RegistrySearch => field ??= new RegistrySearch(this);

    private Statement DataVersion => field ??= Connection.Prepare("PRAGMA data_version");

    /// <summary>Begins to write. What is remembered of rows is forgotten when another connection has written since.</summary>
    public void BeginWriting()
    {
        Connection.BeginWriting();
        using Rows rows = DataVersion.Query();
        rows.Next();
        long version = DataVersion.Int64(0);
        if (version != _seenVersion)
            Forget();
        _seenVersion = version;
    }

    public void Commit()
    {
        Connection.Commit();
        Runs.Trim();
        Series.Trim();
    }

    public void Rollback()
    {
        Points.Drop();
        Forget();
        Connection.Rollback();
    }

    public void Dispose() => Connection.Dispose();

    /// <summary>Forgets what is remembered of runs and series, after a change that went past it.</summary>
    public void ForgetRuns()
    {
        Runs.Forget();
        Series.Forget();
    }

    private void Forget()
    {
        Keys.Forget();
        ForgetRuns();
    }
}
