namespace MLOps.Server;

/// <summary>How the server answers. The defaults serve a program on its own machine.</summary>
public sealed class MLOpsServerOptions
{
    /// <summary>The version of MLflow's protocol that the server tells by default: clients send no spans to it, which would need 3.4, and do use logged models, which came with 3.0.</summary>
    public const string DefaultProtocolVersion = "3.3.2";

    /// <summary>What <c>/version</c> answers. MLflow's clients choose by it what they ask for. Default: <see cref="DefaultProtocolVersion"/>.</summary>
    public string ProtocolVersion { get; set; } = DefaultProtocolVersion;

    /// <summary>Whether artifacts can be read and written through the server. Default true; when false the routes below <c>mlflow-artifacts</c> answer 503, as MLflow's do.</summary>
    public bool ServeArtifacts { get; set; } = true;

    /// <summary>Whether callers on other machines are let in although no authorization guards the routes. Default false: then only callers on this machine are.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// The hosts by which the server may be called, without a port: a name, an address, <c>*.example.org</c> for all below a name, or <c>*</c> for any. Default: none, which stands for <c>localhost</c>,
    /// loopback and private addresses; so a page of a foreign site cannot reach the server by a name that it has pointed here.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Origins, as <c>https://dashboard.example.org</c>, whose pages may change things; <c>*</c> for any. Default: none. Calls without an <c>Origin</c>, as programs make them, and those from the server's own pages are not affected.</summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>The largest body of a JSON request in bytes. Default 32 MiB, room for the profile of a dataset.</summary>
    public long MaxRequestBytes { get; set; } = 32 << 20;

    /// <summary>The largest artifact in bytes that one request uploads; null for no limit. Default null.</summary>
    public long? MaxArtifactBytes { get; set; }

    /// <summary>Whether values of params and tags of runs beyond their limits are cut, as MLflow does. Default true; when false they are refused.</summary>
    public bool TruncateLongValues { get; set; } = true;

    /// <summary>A regular expression that the sources of model versions must match from their beginning; null lets all through that are otherwise legal. Default null.</summary>
    public string? ModelSourcePattern { get; set; }

    /// <summary>
    /// Folders of this machine, besides those where the server itself puts artifacts, whose files it reads, lists and writes for callers when the artifacts of a run or model lie there. Default: none. A client chooses the
    /// artifact location of an experiment freely, for itself; that must not open other folders of the server to it.
    /// </summary>
    public IList<string> LocalArtifactRoots { get; } = [];
}
