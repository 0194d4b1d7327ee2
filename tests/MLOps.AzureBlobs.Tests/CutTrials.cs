using MLOps.RealServers;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

/// <summary>Transfers whose connections are cut at random places: each is whole or leaves nothing.</summary>
public sealed class CutTrials(Azurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transfer_that_is_cut_anywhere_is_whole_or_leaves_nothing()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await using Blobs blobs = await Blobs.CreateAsync(azurite);
        using TemporaryFolder folder = new();
        // No retries: what the SDK mends by itself is no failure to judge. Half of the trials have them.
        AzureBlobArtifactStore brittle = blobs.CreateStore(options => options.ConfigureClient = client => client.Retry.MaxRetries = 0);
        (int completed, int failed) = (0, 0);
        for (int trial = 0; trial < TestLength.Of(20, 200); trial++)
        {
            AzureBlobArtifactStore store = trial % 4 < 2 ? brittle : blobs.Store;
            byte[] content = new byte[random.Next(2, 5) * Blobs.PartSize + random.Next(Blobs.PartSize)], earlier = [1, 2, 3];
            random.NextBytes(content);
            string path = $"model-{trial}.bin", source = folder[$"source-{trial}"], destination = folder[$"destination-{trial}"];
            await File.WriteAllBytesAsync(source, content, Cancel);
            ArtifactFolder calm = new(blobs.Store, blobs.Location, TimeProvider.System), cut = new(store, blobs.Location, TimeProvider.System);
            bool isUpload = trial % 2 == 0, isReplacing = random.Next(2) == 0;
            try
            {
                if (isUpload)
                {
                    if (isReplacing)
                        await calm.UploadAsync(path, new MemoryStream(earlier), cancellationToken: Cancel);
                    CutSometimes();
                    await cut.UploadFilesAsync([new(path, source)], cancellationToken: Cancel);
                }
                else
                {
                    await calm.UploadFilesAsync([new(path, source)], cancellationToken: Cancel);
                    if (isReplacing)
                        await File.WriteAllBytesAsync(destination, earlier, Cancel);
                    CutSometimes();
                    await cut.DownloadAsync(path, destination, cancellationToken: Cancel);
                }

                completed++;
                blobs.Proxy.CancelCuts();
                Assert.Equal(content, isUpload ? await blobs.GetAsync(path) : await File.ReadAllBytesAsync(destination, Cancel));
            }
            catch (ArtifactStoreException e)
            {
                failed++;
                blobs.Proxy.CancelCuts();
                Assert.True(e.IsTransient, e.Message);
                byte[]? found = isUpload
                    ? await blobs.Store.FindAsync(blobs.Location, path, Cancel) is null ? null : await blobs.GetAsync(path)
                    : File.Exists(destination) ? await File.ReadAllBytesAsync(destination, Cancel) : null;
                // The answer alone, or that to the manifest, may have been lost: then the new content is there, and whole.
                if (!isUpload || found is null || found.Length != content.Length)
                    Assert.Equal(isReplacing ? earlier : null, found);
                else
                    Assert.Equal(content, found);
            }

            void CutSometimes()
            {
                blobs.Proxy.CutEvery(Direction.Upstream, () => random.Next(content.Length));
                blobs.Proxy.CutEvery(Direction.Downstream, () => random.Next(isUpload ? 1500 : content.Length));
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{completed} completed, {failed} failed, {blobs.Proxy.Cuts} cuts");
        Assert.True(completed > 0 && failed > 0, $"seed {seed}: {completed} completed, {failed} failed");
        Assert.InRange(blobs.Proxy.Cuts, 10, long.MaxValue);
    }
}
