using System.Security.Cryptography;
using MLOps.RealServers;
using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Transfers;

/// <summary>Files of several parts go up and down through connections that are cut at random places.</summary>
public abstract class CutTrialTests(S3Server server)
{
    private const int Size = (2 * (5 << 20)) + 77_777;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transfer_that_is_cut_ends_whole_or_leaves_nothing()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore direct = server.Open(), cut = server.Open(proxy.Endpoint, options => options.MaxAttempts = 2);
        Uri location = server.NewLocation();
        ArtifactFolder through = new(cut, location, TimeProvider.System), beside = new(direct, location, TimeProvider.System);
        using TemporaryFolder folder = new();
        (int completed, int failed) = (0, 0);
        byte[] earlier = Noise.Of(Size, seed);
        string file = folder["model"], copy = folder["copy"];
        await File.WriteAllBytesAsync(file, earlier, Cancel);
        await beside.UploadAsync("model", new MemoryStream(earlier), cancellationToken: Cancel);
        for (int trial = 0; trial < TestLength.Of(10, 100); trial++)
        {
            bool isUpload = trial % 2 == 0;
            byte[] content = isUpload ? Noise.Of(Size, unchecked(seed + trial + 1)) : earlier;
            // Some trials are cut again and again, some once, some beyond the transfer's end.
            int most = random.Next(3) switch { 0 => Size / 4, 1 => Size, _ => 3 * Size };
            Direction direction = random.Next(4) == 0 ? (Direction)random.Next(2) : isUpload ? Direction.Upstream : Direction.Downstream;
            if (random.Next(2) == 0)
                proxy.CutNext(direction, random.Next(most));
            else
                proxy.CutEvery(direction, () => random.Next(most / 2, most));
            try
            {
                if (isUpload)
                    await through.UploadAsync("model", new MemoryStream(content), cancellationToken: Cancel);
                else
                    await through.DownloadAsync("model", copy, cancellationToken: Cancel);
                completed++;
            }
            catch (ArtifactStoreException e)
            {
                Assert.True(e.IsTransient, $"trial {trial}: {e}");
                failed++;
            }

            proxy.CancelCuts();
            byte[] found = await direct.GetAsync(location, "model");
            // A put whose last answer was lost has happened all the same.
            Assert.True(found.AsSpan().SequenceEqual(content) || found.AsSpan().SequenceEqual(earlier), $"trial {trial}: neither content");
            if (isUpload)
                earlier = found;
            if (File.Exists(copy))
            {
                Assert.Equal(SHA256.HashData(earlier), SHA256.HashData(await File.ReadAllBytesAsync(copy, Cancel)));
                File.Delete(copy);
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{completed} completed, {failed} failed, {proxy.Cuts} cuts");
        Assert.True(completed > 0 && proxy.Cuts > 0, $"{completed} completed, {failed} failed, {proxy.Cuts} cuts");
    }
}
