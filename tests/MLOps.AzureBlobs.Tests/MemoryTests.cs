using System.Security.Cryptography;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests(Azurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transfer_allocates_a_small_part_of_what_it_moves()
    {
        const int Parts = 4;
        long size = TestLength.Of(64, 256) * 1024L * 1024;
        await using Blobs blobs = await Blobs.CreateAsync(azurite);
        AzureBlobArtifactStore store = new(blobs.Container.Uri, new() { SharedKey = Azurite.Key, PartSizeBytes = Blobs.PartSize, PartsAtOnce = Parts });
        long before = GC.GetTotalAllocatedBytes();
        await using GeneratedStream content = new(size, seed: 7);
        await store.PutAsync(blobs.Container.Uri, "large", content, new() { Resume = true }, Cancel);
        await using GeneratedStream expected = new(size, seed: 7);
        byte[] hash = await SHA256.HashDataAsync(expected, Cancel);
        await using (ArtifactContent opened = await store.OpenReadAsync(blobs.Container.Uri, "large", default, Cancel))
            Assert.Equal(hash, await SHA256.HashDataAsync(opened.Stream, Cancel));
        // A copy of the content for each way would be twice its size.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, size);
    }

    /// <summary>Noise of a size, made as it is read.</summary>
    private sealed class GeneratedStream(long size, int seed) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = (int)Math.Min(count, size - _position);
            for (int i = 0; i < read; i++)
                buffer[offset + i] = (byte)((_position + i) * 2_654_435_761L + seed >> 13);
            _position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
