using Microsoft.Extensions.Logging;
using MLOps.Sqlite;
using MLOps.Sqlite.Connections;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>Chooses SQLite as the store of a tracker.</summary>
public static class SqliteTrackingBuilderExtensions
{
    /// <summary>Keeps experiments and runs in one SQLite file. For <c>mlops.db</c>, journals go to <c>mlops.journal/</c> and artifacts to <c>mlops.artifacts/</c> beside it, unless the options say otherwise.</summary>
    /// <param name="tracking">The builder of <see cref="Tracker.Open"/> or <c>AddMLOpsTracking</c>.</param>
    /// <param name="path">The file, absolute or relative to the working directory; made with its folder where absent. On a local disk.</param>
    /// <param name="configure">Sets further options; null takes the defaults.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The path is empty or names no file.</exception>
    public static TrackingBuilder UseSqlite(this TrackingBuilder tracking, string path, Action<SqliteOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(tracking);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string file = Database.FileOf(path);
        return tracking.UseStore(
            context =>
            {
                var options = new SqliteOptions { ArtifactRoot = context.ArtifactRoot };
                configure?.Invoke(options);
                return new SqliteTrackingStore(file, options, context.Clock, context.LoggerFactory.CreateLogger<SqliteTrackingStore>());
            },
            new StorePlaces { JournalFolder = Path.ChangeExtension(file, ".journal"), ArtifactRoot = Path.ChangeExtension(file, ".artifacts") });
    }
}
