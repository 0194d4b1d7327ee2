using MLOps.Cli.CommandLine;

namespace MLOps.Cli.Server;

/// <summary>The flags of <c>mlops server</c>: those of MLflow's server under the same names and environment variables, and a few of our own.</summary>
internal static class ServerFlags
{
    private const string Python = "it sets up a web server of Python's. This one has its settings in flags of its own.";

    public static readonly Flag Host = new("--host", "ADDRESS", "The address to listen on. Default: 127.0.0.1, which other machines do not reach.") { Letter = 'h', Variable = "MLFLOW_HOST" };

    public static readonly Flag Port = new("--port", "PORT", "The port to listen on, 0 for a free one. Default: 5000.") { Letter = 'p', Variable = "MLFLOW_PORT" };

    public static readonly Flag Store = new("--backend-store-uri", "URI", "Where experiments, runs and models are kept: sqlite:///FILE from the working directory, or sqlite:////FILE from the root. Default: sqlite:///mlops.db.") { Variable = "MLFLOW_BACKEND_STORE_URI" };

    public static readonly Flag RegistryStore = new("--registry-store-uri", "URI", "Where models are kept: the same file as --backend-store-uri.") { Variable = "MLFLOW_REGISTRY_STORE_URI" };

    public static readonly Flag ArtifactRoot = new("--default-artifact-root", "URI", "Where the artifacts of new experiments go. Default: mlflow-artifacts:/, which is this server; with --no-serve-artifacts ./mlruns.") { Variable = "MLFLOW_DEFAULT_ARTIFACT_ROOT" };

    public static readonly Flag ServeArtifacts = new("--serve-artifacts", null, "Whether clients read and write artifacts through the server. Default: they do.") { Opposite = "--no-serve-artifacts", Variable = "MLFLOW_SERVE_ARTIFACTS" };

    public static readonly Flag ArtifactsDestination = new("--artifacts-destination", "URI", "Where the server keeps the artifacts that it serves: a folder, s3://bucket/prefix, gs://bucket/prefix or wasbs://container@account.blob.core.windows.net/prefix. Default: ./mlartifacts.") { Variable = "MLFLOW_ARTIFACTS_DESTINATION" };

    public static readonly Flag LocalArtifactRoots = new("--local-artifact-roots", "FOLDERS", "Folders, with commas between them, whose files the server gives and takes when the artifacts of a run lie there, besides its own and those of programs that write into its database.");

    public static readonly Flag StaticPrefix = new("--static-prefix", "PATH", "A path in front of all routes, as /mlflow. The routes answer without it too.") { Variable = "MLFLOW_STATIC_PREFIX" };

    public static readonly Flag AllowedHosts = new("--allowed-hosts", "HOSTS", "The hosts by which the server may be called, with commas between them: names, addresses, *.example.org, 192.168.*, or * for any. Default: localhost and private addresses.") { Variable = "MLFLOW_SERVER_ALLOWED_HOSTS" };

    public static readonly Flag AllowedOrigins = new("--cors-allowed-origins", "ORIGINS", "Origins, as https://dashboard.example.org, whose pages may call the server, with commas between them. Default: those of this machine.") { Variable = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS" };

    public static readonly Flag FrameOptions = new("--x-frame-options", "VALUE", "In whose pages a browser may show the server's: SAMEORIGIN, DENY, or NONE for any. Default: SAMEORIGIN.") { Variable = "MLFLOW_SERVER_X_FRAME_OPTIONS" };

    public static readonly Flag NoSecurity = new("--disable-security-middleware", null, "Checks neither hosts nor origins, and lets any page frame the server. Whoever opens a hostile page beside it is then at that page's mercy.") { Variable = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE" };

    public static readonly Flag ApiKeys = new("--api-keys", "FILE", "Asks clients for a key of this file; see `mlops keys`. Default: mlops.keys beside the database, if it is there.");

    public static readonly Flag AllowAnonymous = new("--allow-anonymous", null, "Lets everybody in who can reach the server.");

    public static readonly Flag BehindProxy = new("--behind-proxy", "NETWORKS", "Believes the X-Forwarded-For and X-Forwarded-Proto of proxies in these networks, as 10.0.0.0/8, with commas between them.");

    public static readonly Flag AccessLog = new("--access-log", null, "Logs each request in one line: who, what, the answer and how long it took.");

    public static readonly Flag LogLevel = new("--log-level", "LEVEL", "What is logged: debug, info, warning or error. Default: info.") { Variable = "MLFLOW_LOGGING_LEVEL" };

    public static readonly Flag MaxArtifactBytes = new("--max-artifact-bytes", "BYTES", "The largest artifact that one request uploads. Default: no limit.");

    public static readonly Flag TruncateLongValues = new("--truncate-long-values", null, "Whether values of params and tags of runs beyond their limits are cut rather than refused. Default: they are cut.") { Opposite = "--no-truncate-long-values", Variable = "MLFLOW_TRUNCATE_LONG_VALUES" };

    public static readonly Flag ModelSources = new("--model-sources", "REGEX", "What the sources of model versions must begin with.") { Variable = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX" };

    public static readonly Flag Dev = new("--dev", null, "The same as --log-level debug.");

    public static readonly Flag Workers = new("--workers", "N", "") { Letter = 'w', Variable = "MLFLOW_WORKERS", Ignored = "one process serves on all cores." };

    public static readonly Flag GunicornOptions = new("--gunicorn-opts", "TEXT", "") { Variable = "MLFLOW_GUNICORN_OPTS", Ignored = Python };

    public static readonly Flag UvicornOptions = new("--uvicorn-opts", "TEXT", "") { Variable = "MLFLOW_UVICORN_OPTS", Ignored = Python };

    public static readonly Flag WaitressOptions = new("--waitress-opts", "TEXT", "") { Ignored = Python };

    public static readonly IReadOnlyList<Flag> All =
    [
        Host, Port, Store, RegistryStore, ArtifactRoot, ServeArtifacts, ArtifactsDestination, LocalArtifactRoots, StaticPrefix, AllowedHosts, AllowedOrigins, FrameOptions, NoSecurity,
        ApiKeys, AllowAnonymous, BehindProxy, AccessLog, LogLevel, MaxArtifactBytes, TruncateLongValues, ModelSources, Dev,
        Workers, GunicornOptions, UvicornOptions, WaitressOptions,
        new("--secrets-cache-ttl", "SECONDS", "") { Ignored = "this server keeps no secrets of gateways." },
        new("--secrets-cache-max-size", "N", "") { Ignored = "this server keeps no secrets of gateways." },
        new("--app-name", "NAME", "") { Refused = "programs in Python cannot be loaded here. In place of basic-auth, `mlops keys create NAME` makes API keys, which clients send as passwords or tokens." },
        new("--expose-prometheus", "FOLDER", "") { Variable = "MLFLOW_EXPOSE_PROMETHEUS", Refused = "this tool has no exporter. Read its meters with `dotnet-counters monitor`, or map the server into a program of yours that exports them by OpenTelemetry." },
        new("--artifacts-only", null, "") { Variable = "MLFLOW_ARTIFACTS_ONLY", Refused = "a server of artifacts alone is not built. Leave the flag out: its other routes harm nobody." },
        new("--read-replica-backend-store-uri", "URI", "") { Variable = "MLFLOW_READ_REPLICA_BACKEND_STORE_URI", Refused = "the store is one SQLite file, which has no replica. Readers do not wait for writers there." },
        new("--workspace-store-uri", "URI", "") { Variable = "MLFLOW_WORKSPACE_STORE_URI", Refused = "this server has no workspaces. Run one server for each." },
        new("--enable-workspaces", null, "") { Opposite = "--disable-workspaces", Variable = "MLFLOW_ENABLE_WORKSPACES", Refused = "this server has no workspaces. Run one server for each." },
        new("--trace-archival-config", "FILE", "") { Variable = "MLFLOW_TRACE_ARCHIVAL_CONFIG", Refused = "this server keeps no traces." },
    ];
}
