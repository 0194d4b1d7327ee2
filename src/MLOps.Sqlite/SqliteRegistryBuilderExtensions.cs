using Microsoft.Extensions.Logging;
using MLOps.Sqlite;
using MLOps.Sqlite.Connections;

namespace MLOps.Registry;

/// <summary>Chooses SQLite as the store of a registry.</summary>
public static class SqliteRegistryBuilderExtensions
{
    /// <summary>Keeps models in one SQLite file, which may be that of a tracker. For <c>mlops.db</c>, files of versions go to <c>mlops.artifacts/</c> beside it, unless a tracker or the options say otherwise.</summary>
    /// <param name="registry">The builder of <see cref="ModelRegistry.Open"/> or <c>AddMLOpsRegistry</c>.</param>
    /// <param name="path">The file, absolute or relative to the working directory; made with its folder where absent. On a local disk.</param>
    /// <param name="configure">Sets further options; null takes the defaults.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The path is empty or names no file.</exception>
    public static RegistryBuilder UseSqlite(this RegistryBuilder registry, string path, Action<SqliteOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string file = Database.FileOf(path);
        return registry.UseStore(
            context =>
            {
                var options = new SqliteOptions { ArtifactRoot = context.ArtifactRoot };
                configure?.Invoke(options);
                return new SqliteRegistryStore(file, options, context.Clock, context.LoggerFactory.CreateLogger<SqliteRegistryStore>());
            },
            Path.ChangeExtension(file, ".artifacts"));
    }
}
