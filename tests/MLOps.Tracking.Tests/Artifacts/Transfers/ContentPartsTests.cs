using System.Collections.Concurrent;
using MLOps.Tracking.Artifacts.Transfers;
using Xunit;

namespace MLOps.Tracking.Tests.Artifacts.Transfers;

public sealed class ContentPartsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, null)]
    [InlineData(0, 0L)]
    [InlineData(1, 1L)]
    [InlineData(999, null)]
    [InlineData(1000, 1000L)]
    [InlineData(1001, 1000L)]
    [InlineData(10_000, 10_000L)]
    [InlineData(10_001, null)]
    [InlineData(10_001, 5L)]
    [InlineData(10_001, 1_000_000L)]
    public async Task Parts_are_the_content_whatever_was_said_of_its_size(int size, long? said)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        ConcurrentDictionary<int, (long Offset, byte[] Bytes, bool IsLast)> parts = new();
        await using MemoryStream stream = new(content);
        long read = await ContentParts.ForEachAsync(stream, _ => 1000, atOnce: 3, said, async (part, _) =>
        {
            await Task.Yield();
            parts[part.Number] = (part.Offset, part.Bytes.ToArray(), part.IsLast);
        }, Cancel);
        Assert.Equal(size, read);
        Assert.Equal(content, parts.OrderBy(part => part.Key).SelectMany(part => part.Value.Bytes));
        Assert.Equal(Math.Max(1, (size + 999) / 1000), parts.Count);
        Assert.All(parts, part => Assert.Equal(part.Key * 1000L, part.Value.Offset));
        Assert.Equal(parts.Count - 1, Assert.Single(parts, part => part.Value.IsLast).Key);
    }

    [Fact]
    public async Task No_more_parts_than_asked_for_are_in_memory_at_once()
    {
        int now = 0, most = 0;
        await using MemoryStream stream = new(new byte[50_000]);
        SemaphoreSlim all = new(0);
        await ContentParts.ForEachAsync(stream, _ => 1000, atOnce: 4, sizeBytes: null, async (part, token) =>
        {
            lock (all)
                most = Math.Max(most, ++now);
            // The first four wait for each other, so that they are there together.
            if (part.Number == 3)
                all.Release(4);
            if (part.Number < 4)
                await all.WaitAsync(token);
            await Task.Yield();
            lock (all)
                now--;
        }, Cancel);
        Assert.Equal(4, most);
    }

    [Fact]
    public async Task A_failed_part_is_raised_when_the_others_have_ended_and_no_further_one_begins()
    {
        int begun = 0, ended = 0;
        await using MemoryStream stream = new(new byte[100_000]);
        SemaphoreSlim two = new(0);
        InvalidOperationException raised = await Assert.ThrowsAsync<InvalidOperationException>(() => ContentParts.ForEachAsync(stream, _ => 1000, atOnce: 3, sizeBytes: null, async (part, token) =>
        {
            Interlocked.Increment(ref begun);
            try
            {
                if (part.Number == 2)
                    throw new InvalidOperationException("part 2");
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
        }, Cancel));
        Assert.Equal("part 2", raised.Message);
        Assert.Equal((3, 3), (begun, ended));
    }

    [Fact]
    public async Task A_content_that_fails_cancels_the_parts_and_is_raised_as_it_is()
    {
        await using FailingStream stream = new(2500);
        int cancelled = 0;
        IOException raised = await Assert.ThrowsAsync<IOException>(() => ContentParts.ForEachAsync(stream, _ => 1000, atOnce: 4, sizeBytes: null, async (_, token) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
                throw;
            }
        }, Cancel));
        Assert.Same(stream.Failure, raised);
        Assert.Equal(2, cancelled);
    }

    [Fact]
    public async Task A_cancelled_caller_gets_a_cancellation()
    {
        using CancellationTokenSource cancel = new();
        await using MemoryStream stream = new(new byte[10_000]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ContentParts.ForEachAsync(stream, _ => 1000, atOnce: 2, sizeBytes: null, async (part, token) =>
        {
            if (part.Number == 1)
                await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
        }, cancel.Token));
    }

    private sealed class FailingStream(int at) : MemoryStream(new byte[at])
    {
        public IOException Failure { get; } = new("the source failed");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is var read and > 0 ? read : throw Failure;
    }
}
