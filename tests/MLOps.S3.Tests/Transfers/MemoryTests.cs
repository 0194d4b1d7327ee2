using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Transfers;

/// <summary>Alone, since what is allocated meanwhile counts.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests(Moto server)
{
    private const long MiB = 1 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_object_goes_up_and_down_with_the_memory_of_its_parts_on_their_way()
    {
        long size = TestLength.Of(64, 256) * MiB;
        using S3ArtifactStore store = server.Open(configure: options => options.PartsAtOnce = 2);
        Uri location = server.NewLocation();
        // The pool is filled before: what it keeps is no cost of the object's size.
        await RoundTripAsync(store, location, 20 * MiB);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await RoundTripAsync(store, location, size);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        TestContext.Current.TestOutputHelper!.WriteLine($"{allocated / (double)MiB:0.0} MiB allocated for {size / MiB} MiB up and down");
        Assert.True(allocated < size / 2, $"{allocated} bytes were allocated for {size} bytes up and down");
        await store.DeletePrefixAsync(location, "", Cancel);
    }

    private static async Task RoundTripAsync(S3ArtifactStore store, Uri location, long size)
    {
        await using (GeneratedStream content = new(size))
            await store.PutAsync(location, "model", content, new() { SizeBytes = size }, Cancel);
        await using ArtifactContent found = await store.OpenReadAsync(location, "model", default, Cancel);
        Assert.Equal(size, found.Artifact.SizeBytes);
        byte[] buffer = new byte[64 * 1024];
        long place = 0;
        while (await found.Stream.ReadAsync(buffer, Cancel) is > 0 and int read)
        {
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] != GeneratedStream.At(place + i))
                    Assert.Fail($"byte {place + i} differs");
            }

            place += read;
        }

        Assert.Equal(size, place);
    }

    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
