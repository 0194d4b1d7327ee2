using MLOps.Cli.CommandLine;

namespace MLOps.Cli.Server;

/// <summary>Where the store is, in the words of MLflow's flags: those of SQLAlchemy.</summary>
internal static class StoreUri
{
    private const string Scheme = "sqlite://", Advice = "Write --backend-store-uri sqlite:///mlops.db for a file in the working directory, or sqlite:////srv/mlops.db from the root.";

    /// <summary>The full path of the database.</summary>
    /// <exception cref="UsageException">The URI names no SQLite file.</exception>
    public static string FileOf(string uri)
    {
        if (!uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw new UsageException(Refusal(uri));
        string rest = uri[Scheme.Length..];
        if (rest.Length == 0 || rest == "/" || rest.StartsWith("/:", StringComparison.Ordinal) || rest.StartsWith("/file:", StringComparison.Ordinal))
            throw new UsageException($"'{uri}' names no file, and what is kept in memory is lost with the server. {Advice}");
        if (!rest.StartsWith('/'))
            throw new UsageException($"'{uri}' lacks a slash. {Advice}");
        if (rest.Contains('?', StringComparison.Ordinal))
            throw new UsageException($"'{uri}' has parameters behind the file, which are not known here. Leave them out.");
        if (rest.EndsWith('/') || Directory.Exists(rest[1..]))
            throw new UsageException($"'{uri}' is a folder. {Advice}");
        return Path.GetFullPath(rest[1..]);
    }

    private static string Refusal(string uri)
    {
        int colon = uri.IndexOf("://", StringComparison.Ordinal);
        string scheme = colon < 0 ? "" : uri[..colon].ToLowerInvariant();
        return scheme.Split('+')[0] switch
        {
            "postgresql" or "postgres" or "mysql" or "mariadb" or "mssql" or "oracle" => $"This server keeps its data in an SQLite file, not in {scheme}. {Advice}",
            "sqlite" => $"'{uri}' names a driver of Python's. {Advice}",
            "http" or "https" => $"'{uri}' is a server. This one keeps its data itself, in an SQLite file. {Advice}",
            _ => $"'{uri}' is no SQLite file. MLflow's file store, a folder of runs, is not read here. {Advice}",
        };
    }
}
