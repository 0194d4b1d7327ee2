namespace MLOps.RealServers;

/// <summary>Moto's server, which imitates S3 with its conditions and checksums but checks neither signatures nor keys.</summary>
/// <remarks>Moto's S3 alone is served: its dispatcher of all services looks through the folders of its package at each request, which takes as long as the request itself. It keeps its buckets in memory: they are gone after <see cref="RealServer.StopAsync"/>. <see cref="SwiftServer"/> keeps them.</remarks>
public sealed class MotoServer : RealServer
{
    private const string Script = """
        import os, sys
        from werkzeug.serving import WSGIRequestHandler, run_simple
        os.environ["MOTO_PORT"] = sys.argv[1]
        from moto.moto_server.werkzeug_app import create_backend_app
        class Handler(WSGIRequestHandler):
            def log_request(self, *args): pass
        run_simple("127.0.0.1", int(sys.argv[1]), create_backend_app("s3"), threaded=True, request_handler=Handler)
        """;

    private readonly string _python;

    private MotoServer(string python) => _python = python;

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
        return StartAsync(() => new MotoServer(FindPython(program)), cancellationToken);
    }

    private protected override IReadOnlyList<string> Command => [_python, "-c", Script, $"{Port}"];

    private protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["PYTHONUNBUFFERED"] = "1" };

    /// <summary>The interpreter that has moto's modules: the one that its program names in its first line, or else the one beside it, where that line names a shell as in the stand-ins of pyenv.</summary>
    private static string FindPython(string program)
    {
        string first = File.ReadLines(program).FirstOrDefault() ?? "";
        string? named = first.StartsWith("#!/", StringComparison.Ordinal) && first.Contains("python", StringComparison.Ordinal) && !first.Contains("/env ", StringComparison.Ordinal) ? first[2..].Trim() : null;
        return named ?? Path.Combine(Path.GetDirectoryName(program)!, "python3");
    }
}
