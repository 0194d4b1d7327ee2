using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using MLOps.Cli.CommandLine;

namespace MLOps.Cli.Server;

/// <summary>What the flags come to.</summary>
internal sealed record ServerSettings
{
    public const string DefaultStore = "sqlite:///mlops.db";

    private const string DefaultDestination = "./mlartifacts", DefaultRoot = "./mlruns";

    public required Listening Listening { get; init; }

    public required string Database { get; init; }

    /// <summary>Where the artifacts of new experiments go; null for through this server.</summary>
    public required string? ArtifactRoot { get; init; }

    /// <summary>Where the server keeps the artifacts that it serves; null when it serves none.</summary>
    public required string? ArtifactsDestination { get; init; }

    /// <summary>Folders that callers may be given files of: where programs of this SDK that open the database keep their artifacts, and those of the flag.</summary>
    public required IReadOnlyList<string> LocalArtifactRoots { get; init; }

    public required string StaticPrefix { get; init; }

    public required IReadOnlyList<string> AllowedHosts { get; init; }

    public required IReadOnlyList<string> AllowedOrigins { get; init; }

    public required string? FrameOptions { get; init; }

    /// <summary>The file of the API keys; null when none are asked for.</summary>
    public required string? ApiKeys { get; init; }

    public required bool AllowAnonymous { get; init; }

    public required IReadOnlyList<IPNetwork> Proxies { get; init; }

    public required bool AccessLog { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required long? MaxArtifactBytes { get; init; }

    public required bool TruncateLongValues { get; init; }

    public required string? ModelSources { get; init; }

    /// <exception cref="UsageException">They do not fit together.</exception>
    public static ServerSettings From(GivenFlags given)
    {
        string store = given[ServerFlags.Store] ?? DefaultStore, database = StoreUri.FileOf(store);
        if (given[ServerFlags.RegistryStore] is { } registry && StoreUri.FileOf(registry) != database)
            throw new UsageException($"Models are kept with the runs here. Leave --registry-store-uri out, or make it {store} as --backend-store-uri.");
        Listening listening = Listening.On(given[ServerFlags.Host] ?? "127.0.0.1", given[ServerFlags.Port] ?? "5000");
        bool allowsAnonymous = given.IsOn(ServerFlags.AllowAnonymous), servesArtifacts = given.IsOn(ServerFlags.ServeArtifacts, otherwise: true), checksNothing = given.IsOn(ServerFlags.NoSecurity);
        string? keys = KeysOf(given, database, allowsAnonymous);
        if (!listening.IsLoopback && keys is null && !allowsAnonymous)
        {
            throw new UsageException(
                $"With --host {listening.Host} other machines reach the server, and nothing says who may call it: make API keys with `mlops keys create NAME` beside the database, or let everybody in with --allow-anonymous.");
        }

        DemandNoTls(given);
        return new ServerSettings
        {
            Listening = listening,
            Database = database,
            ArtifactRoot = given[ServerFlags.ArtifactRoot] ?? (servesArtifacts ? null : DefaultRoot),
            ArtifactsDestination = servesArtifacts ? given[ServerFlags.ArtifactsDestination] ?? DefaultDestination : null,
            LocalArtifactRoots = [Path.ChangeExtension(database, ".artifacts"), .. ListOf(given[ServerFlags.LocalArtifactRoots])],
            StaticPrefix = PrefixOf(given),
            AllowedHosts = checksNothing ? ["*"] : ListOf(given[ServerFlags.AllowedHosts]),
            AllowedOrigins = checksNothing ? ["*"] : ListOf(given[ServerFlags.AllowedOrigins]),
            FrameOptions = checksNothing ? null : FrameOptionsOf(given[ServerFlags.FrameOptions]),
            ApiKeys = keys,
            AllowAnonymous = allowsAnonymous,
            Proxies = [.. ListOf(given[ServerFlags.BehindProxy]).Select(NetworkOf)],
            AccessLog = given.IsOn(ServerFlags.AccessLog),
            LogLevel = given.IsOn(ServerFlags.Dev) ? LogLevel.Debug : LevelOf(given[ServerFlags.LogLevel]),
            MaxArtifactBytes = BytesOf(given[ServerFlags.MaxArtifactBytes]),
            TruncateLongValues = given.IsOn(ServerFlags.TruncateLongValues, otherwise: true),
            ModelSources = given[ServerFlags.ModelSources],
        };
    }

    /// <summary>Where the keys of a database are unless a flag says otherwise.</summary>
    public static string KeysBeside(string database) => Path.ChangeExtension(database, ".keys");

    private static string? KeysOf(GivenFlags given, string database, bool allowsAnonymous)
    {
        if (given[ServerFlags.ApiKeys] is not { } file)
            return !allowsAnonymous && File.Exists(KeysBeside(database)) ? KeysBeside(database) : null;
        if (allowsAnonymous)
            throw new UsageException("--api-keys asks everybody for a key, --allow-anonymous asks nobody. Choose one of the two.");
        return File.Exists(file) ? Path.GetFullPath(file) : throw new UsageException($"There is no file '{file}' of API keys. `mlops keys create NAME --api-keys {file}` makes it.");
    }

    // To ignore these would be to speak in the clear without a word.
    private static void DemandNoTls(GivenFlags given)
    {
        foreach (Flag flag in (Flag[])[ServerFlags.GunicornOptions, ServerFlags.UvicornOptions, ServerFlags.WaitressOptions])
        {
            if (given[flag] is { } options && (options.Contains("ssl", StringComparison.OrdinalIgnoreCase) || options.Contains("certfile", StringComparison.OrdinalIgnoreCase) || options.Contains("keyfile", StringComparison.OrdinalIgnoreCase)))
                throw new UsageException($"{flag.Name} asks for TLS, which this tool does not speak. Put a proxy in front that does, and --behind-proxy with its address here.");
        }
    }

    private static string PrefixOf(GivenFlags given)
    {
        string prefix = given[ServerFlags.StaticPrefix] ?? "";
        if (prefix.Length > 0 && (prefix[0] != '/' || prefix.EndsWith('/')))
            throw new UsageException("--static-prefix begins with a slash and does not end with one, as /mlflow.");
        return prefix;
    }

    private static string? FrameOptionsOf(string? text) => text?.ToUpperInvariant() switch
    {
        null or "SAMEORIGIN" => "SAMEORIGIN",
        "DENY" => "DENY",
        "NONE" => null,
        _ => throw new UsageException($"--x-frame-options is SAMEORIGIN, DENY or NONE, not '{text}'."),
    };

    private static IPNetwork NetworkOf(string text)
    {
        if (IPNetwork.TryParse(text, out IPNetwork network))
            return network;
        return IPAddress.TryParse(text, out IPAddress? address)
            ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
            : throw new UsageException($"--behind-proxy takes networks as 10.0.0.0/8 or addresses, and '{text}' is neither.");
    }

    private static LogLevel LevelOf(string? text) => text?.ToUpperInvariant() switch
    {
        null or "INFO" or "INFORMATION" => LogLevel.Information,
        "TRACE" => LogLevel.Trace,
        "DEBUG" => LogLevel.Debug,
        "WARN" or "WARNING" => LogLevel.Warning,
        "ERROR" => LogLevel.Error,
        "CRITICAL" or "FATAL" => LogLevel.Critical,
        _ => throw new UsageException($"--log-level is debug, info, warning or error, not '{text}'."),
    };

    private static long? BytesOf(string? text)
    {
        if (text is null)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) && bytes > 0 ? bytes : throw new UsageException($"--max-artifact-bytes is a number of bytes, not '{text}'.");
    }

    private static string[] ListOf(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
