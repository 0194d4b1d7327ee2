using System.Globalization;
using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using SQLitePCL;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests;

/// <summary>A folder of its own for a test's store, and the shortest way to write to it.</summary>
public sealed class StoreFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mlops-sqlite-");

    public string File => Path.Combine(_folder.FullName, "mlops.db");

    public SqliteTrackingStore Open(SqliteOptions? options = null, TimeProvider? time = null) => new(File, options, time);

    internal Connection Connect(string? file = null) => Connection.Open(file ?? File, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);

    internal long Count(string table)
    {
        using Connection connection = Connect();
        return QueryInt64(connection, $"SELECT count(*) FROM {table}");
    }

    internal static long QueryInt64(Connection connection, string sql) => long.Parse(connection.QueryText(sql), CultureInfo.InvariantCulture);

    public void Dispose() => _folder.Delete(recursive: true);

    public static async Task<RunId> StartAsync(ITrackingStore store, BatchSource? source = null)
    {
        RunId run = RunId.New();
        await WriteAsync(store, source, new RunStarted(run, 1_000) { ExperimentName = "churn" });
        return run;
    }

    public static Task WriteAsync(ITrackingStore store, params TrackingRecord[] records) => WriteAsync(store, null, records);

    public static async Task WriteAsync(ITrackingStore store, BatchSource? source, params TrackingRecord[] records)
    {
        AppendResult result = await store.AppendAsync(new RecordBatch { Source = source, Records = records }, TestContext.Current.CancellationToken);
        Assert.Empty(result.Rejections);
    }

    /// <summary>Points at steps <paramref name="from"/>, from + 1, … whose value says their step.</summary>
    public static MetricPoint[] Steps(int from, int count) => [.. Enumerable.Range(from, count).Select(step => new MetricPoint(step, 1_000 + step, step / 10.0))];
}
