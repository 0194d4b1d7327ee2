namespace MLOps.RealServers;

/// <summary>Moto's server, which imitates S3 with its conditions and checksums but checks neither signatures nor keys.</summary>
/// <remarks>It keeps its buckets in memory: they are gone after <see cref="RealServer.StopAsync"/>. <see cref="SwiftServer"/> keeps them.</remarks>
public sealed class MotoServer : RealServer
{
    private readonly string _program;

    private MotoServer(string program) => _program = program;

    /// <summary>A key id; any other does as well.</summary>
    public static string AccessKey => "moto";

    /// <summary>A secret; any other does as well.</summary>
    public static string SecretKey => "moto-secret";

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ServerUnavailableException"><c>moto_server</c> isn't on PATH.</exception>
    /// <exception cref="InvalidOperationException">It ended by itself, or didn't answer within 60 s; the message has its log.</exception>
    public static Task<MotoServer> StartAsync(CancellationToken cancellationToken = default)
    {
        string program = Executable.Find("moto_server") ?? throw new ServerUnavailableException(
            "moto_server isn't on PATH: pip install 'moto[server]==5.2.1'.");
        return StartAsync(() => new MotoServer(program), cancellationToken);
    }

    private protected override IReadOnlyList<string> Command => [_program, "-H", "127.0.0.1", "-p", $"{Port}"];

    private protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["PYTHONUNBUFFERED"] = "1" };
}
