using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests;

/// <summary>Content that is the same for the same seed and compresses to nothing.</summary>
internal static class Noise
{
    public static byte[] Of(int size, int seed)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static async Task<byte[]> GetAsync(this IArtifactStore store, Uri location, string path)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using ArtifactContent content = await store.OpenReadAsync(location, path, default, cancel);
        using MemoryStream copy = new();
        await content.Stream.CopyToAsync(copy, cancel);
        return copy.ToArray();
    }

    public static async Task<ArtifactObject> PutAsync(this IArtifactStore store, Uri location, string path, byte[] content, ArtifactPutOptions options = default)
    {
        await using MemoryStream stream = new(content);
        return await store.PutAsync(location, path, stream, options, TestContext.Current.CancellationToken);
    }
}
