using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

/// <summary>An encrypted store around local files, whose bytes a test can look at and change.</summary>
internal sealed class EncryptedWorld : IDisposable
{
    public const int Header = 1024, Segment = 65_536, Sealed = Segment + 16;

    private readonly TemporaryFolder _folder = new();

    public EncryptedWorld(IArtifactKeyProvider? keys = null, bool allowPlain = false)
    {
        KeyFile = LocalKeyFile.Create(_folder["keys.txt"]);
        Inner = new WatchedStore(new LocalArtifactStore());
        Store = new EncryptedArtifactStore(Inner, keys ?? KeyFile, allowPlain);
        Location = LocalArtifactStore.LocationOf(_folder["objects"]);
    }

    public LocalKeyFile KeyFile { get; }

    public WatchedStore Inner { get; }

    public EncryptedArtifactStore Store { get; }

    public Uri Location { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static byte[] Noise(int size, int seed)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public string FileOf(string path) => _folder[$"objects/{path}"];

    public string[] AllFiles() => Directory.GetFiles(_folder["objects"], "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });

    public byte[] Raw(string path) => File.ReadAllBytes(FileOf(path));

    public void SetRaw(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf(path))!);
        File.WriteAllBytes(FileOf(path), bytes);
    }

    public async Task<ArtifactObject> PutAsync(string path, byte[] content)
    {
        await using MemoryStream stream = new(content);
        return await Store.PutAsync(Location, path, stream, new() { SizeBytes = content.Length }, Cancel);
    }

    public async Task<byte[]> GetAsync(string path, ByteRange range = default)
    {
        await using ArtifactContent content = await Store.OpenReadAsync(Location, path, range, Cancel);
        using MemoryStream copy = new();
        await content.Stream.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }

    public void Dispose()
    {
        KeyFile.Dispose();
        _folder.Dispose();
    }
}
