using MLOps.Tracking.Artifacts;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A place for artifacts, through our store and through the client that the store stands on, with neither hashes nor manifests.</summary>
internal interface IArtifactsClient : IDisposable
{
    /// <summary>The parts of a large file, for both.</summary>
    const int PartSize = 8 << 20;

    /// <summary>How many of them are under way at once, for both.</summary>
    const int PartsAtOnce = 4;

    /// <summary>What opens the same place in another process.</summary>
    IReadOnlyList<string> Arguments { get; }

    IArtifactStore Store { get; }

    Uri LocationOf(string name);

    /// <summary>Sends a large file in parts.</summary>
    Task UploadAsync(string key, string file);

    /// <summary>Gets a large file in parts.</summary>
    Task DownloadAsync(string key, string file);

    /// <summary>Sends a small file by one request.</summary>
    Task PutAsync(string key, string file);

    /// <summary>Gets a small file by one request.</summary>
    Task GetAsync(string key, string file);

    /// <summary>Opens the place that <see cref="Arguments"/> names.</summary>
    static IArtifactsClient Open(ReadOnlySpan<string> arguments) => arguments switch
    {
        ["local", var folder] => new ArtifactsLocalClient(folder),
        ["s3", var endpoint, var accessKey, var secretKey] => new ArtifactsS3Client(new Uri(endpoint), accessKey, secretKey),
        ["blob", var connectionString] => new ArtifactsBlobClient(connectionString),
        _ => throw new ArgumentException("No such place for artifacts."),
    };
}
