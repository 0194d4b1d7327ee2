namespace MLOps.RealServers;

/// <summary>Azurite, Microsoft's emulator of Azure Blob Storage. Its one account is the well-known development account.</summary>
/// <remarks>It writes its catalogue of blobs in the background: <see cref="RealServer.StopAsync"/> lets it do so before it kills it.</remarks>
public sealed class AzuriteServer : RealServer
{
    private static readonly TimeSpan PersistPatience = TimeSpan.FromSeconds(10);
    private readonly string _node;
    private readonly string _main;

    private AzuriteServer(string node, string main) => (_node, _main) = (node, main);

    /// <summary>The name of the account.</summary>
    public static string AccountName => "devstoreaccount1";

    /// <summary>The key of the account, base64: public knowledge, no secret.</summary>
    public static string AccountKey => "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>What a blob client of the SDK connects with.</summary>
    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={AccountName};AccountKey={AccountKey};BlobEndpoint={Endpoint}{AccountName};";

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <remarks>
    /// Looked for in <c>$MLOPS_SERVERS/azurite</c>, then in <c>artifacts/servers/azurite</c> of the repository, where <c>eng/servers.sh</c> puts it.
    /// Accepts every version of the service's API, so that clients keep their defaults.
    /// </remarks>
    /// <exception cref="ServerUnavailableException">Azurite or Node.js isn't there.</exception>
    /// <exception cref="InvalidOperationException">It ended by itself, or didn't answer within 60 s; the message has its log.</exception>
    public static Task<AzuriteServer> StartAsync(CancellationToken cancellationToken = default)
    {
        string main = NpmPackage.Find("azurite", "dist/src/blob/main.js"), node = NpmPackage.FindNode();
        return StartAsync(() => new AzuriteServer(node, main), cancellationToken);
    }

    private protected override IReadOnlyList<string> Command =>
    [
        _node, _main, "--blobHost", "127.0.0.1", "--blobPort", $"{Port}", "--location", Folder,
        "--silent", "--disableTelemetry", "--skipApiVersionCheck",
    ];

    private protected override async Task PersistAsync(GuardedProcess process)
    {
        process.Interrupt();
        using var patience = new CancellationTokenSource(PersistPatience);
        // It stays until its last connection has gone, but has written all by the time it says so.
        while (!patience.IsCancellationRequested && !process.HasExited && !process.Log.Contains("successfully closed", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(10), patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
