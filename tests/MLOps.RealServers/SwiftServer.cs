namespace MLOps.RealServers;

/// <summary>OpenStack Swift with its S3 API: a strict server that verifies signatures (version 4), Content-MD5 and the least size of parts (5 MiB).</summary>
/// <remarks>
/// It refuses conditional writes (501), tagging (501) and bodies in aws-chunked; it ignores conditions on CompleteMultipartUpload. The region is us-east-1.
/// Its data stays over <see cref="RealServer.StopAsync"/>.
/// </remarks>
public sealed class SwiftServer : RealServer
{
    private readonly string _python;
    private readonly string _script;

    private SwiftServer(string python)
    {
        _python = python;
        _script = Path.Combine(Folder, "swift_server.py");
        using Stream source = typeof(SwiftServer).Assembly.GetManifestResourceStream("swift_server.py")!;
        using FileStream file = File.Create(_script);
        source.CopyTo(file);
    }

    /// <summary>The key id of the one user.</summary>
    public static string AccessKey => "test:tester";

    /// <summary>The secret of the one user; requests signed with another are refused with 403.</summary>
    public static string SecretKey => "testing";

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ServerUnavailableException">Swift isn't installed.</exception>
    /// <exception cref="InvalidOperationException">It ended by itself, or didn't answer within 60 s; the message has its log.</exception>
    public static Task<SwiftServer> StartAsync(CancellationToken cancellationToken = default)
    {
        string python = FindPython() ?? throw new ServerUnavailableException(
            "OpenStack Swift isn't installed: run eng/servers.sh as root, or install the Debian package python3-swift.");
        return StartAsync(() => new SwiftServer(python), cancellationToken);
    }

    private protected override IReadOnlyList<string> Command => [_python, _script, $"{Port}", Folder, AccessKey, SecretKey];

    private protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["PYTHONUNBUFFERED"] = "1" };

    /// <summary>The interpreter that has Swift's modules: the one that Swift's own program names in its first line, or else Debian's.</summary>
    private static string? FindPython()
    {
        if (Executable.Find("swift-proxy-server") is { } program && File.ReadLines(program).FirstOrDefault() is { } first && first.StartsWith("#!", StringComparison.Ordinal))
            return first[2..].Trim().Split(' ')[0];
        return Directory.Exists("/usr/lib/python3/dist-packages/swift/proxy") ? "/usr/bin/python3" : null;
    }
}
