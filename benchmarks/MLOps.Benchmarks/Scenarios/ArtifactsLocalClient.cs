using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using MLOps.Tracking.Artifacts;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Files on a local disk: bare is a copy with SHA-256 in one pass, by which the hash would be known as cheaply as can be.</summary>
internal sealed class ArtifactsLocalClient(string folder) : IArtifactsClient
{
    private const int Piece = 1 << 20;

    public IReadOnlyList<string> Arguments => ["local", folder];

    public IArtifactStore Store { get; } = new LocalArtifactStore();

    public Uri LocationOf(string name) => LocalArtifactStore.LocationOf(Path.Combine(folder, name));

    /// <summary>Copies and waits until it is on the disk, as our store does before it gives a file its name.</summary>
    public Task UploadAsync(string key, string file)
    {
        Copy(file, Path.Combine(folder, key), isFlushed: true);
        return Task.CompletedTask;
    }

    /// <summary>Copies, and leaves it to the system when it comes to the disk.</summary>
    public Task UploadUnflushedAsync(string key, string file)
    {
        Copy(file, Path.Combine(folder, key), isFlushed: false);
        return Task.CompletedTask;
    }

    public Task DownloadAsync(string key, string file)
    {
        Copy(Path.Combine(folder, key), file, isFlushed: false);
        return Task.CompletedTask;
    }

    public Task PutAsync(string key, string file) => UploadAsync(key, file);

    public Task GetAsync(string key, string file) => DownloadAsync(key, file);

    public void Dispose()
    {
    }

    private static void Copy(string from, string to, bool isFlushed)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        using SafeFileHandle source = File.OpenHandle(from, options: FileOptions.SequentialScan);
        using SafeFileHandle target = File.OpenHandle(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, preallocationSize: RandomAccess.GetLength(source));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(Piece);
        long offset = 0;
        for (int read; (read = RandomAccess.Read(source, buffer, offset)) > 0; offset += read)
        {
            hash.AppendData(buffer, 0, read);
            RandomAccess.Write(target, buffer.AsSpan(0, read), offset);
        }

        _ = hash.GetHashAndReset();
        if (isFlushed)
            RandomAccess.FlushToDisk(target);
    }
}
