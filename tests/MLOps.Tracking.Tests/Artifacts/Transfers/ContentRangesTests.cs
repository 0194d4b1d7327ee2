using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Transfers;
using Xunit;

namespace MLOps.Tracking.Tests.Artifacts.Transfers;

public sealed class ContentRangesTests
{
    private const int RangeSize = 1000;
    private readonly byte[] _content = new byte[25_500];
    private readonly ConcurrentQueue<(long Begin, long Length)> _asked = new();
    private Func<long, long, Stream>? _body;

    public ContentRangesTests() => new Random(7).NextBytes(_content);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 25_500, 0)]
    [InlineData(0, 25_500, 1000)]
    [InlineData(0, 25_500, 25_500)]
    [InlineData(1234, 20_001, 777)]
    [InlineData(5, 6, 0)]
    [InlineData(25_500, 25_500, 0)]
    public async Task Bytes_come_in_order_whatever_the_ranges_are(int begin, int end, int first)
    {
        await using Stream stream = Open(begin, end, first);
        Assert.Equal(_content[begin..end], await ReadAsync(stream));
        Assert.Equal(0, await stream.ReadAtLeastAsync(new byte[10], 1, throwOnEndOfStream: false, Cancel));
        (long Begin, long Length)[] asked = [.. _asked.OrderBy(range => range.Begin)];
        Assert.Equal(end - begin - Math.Min(first, end - begin), asked.Sum(range => range.Length));
        Assert.All(asked, range => Assert.InRange(range.Length, 1, RangeSize));
    }

    [Fact]
    public async Task A_synchronous_reader_gets_the_same()
    {
        await using Stream stream = Open(0, 25_500, 0);
        using MemoryStream copy = new();
        byte[] buffer = new byte[333];
        for (int read; (read = stream.Read(buffer)) > 0;)
            copy.Write(buffer, 0, read);
        Assert.Equal(_content, copy.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task A_body_that_breaks_or_ends_early_is_asked_for_again_from_where_it_broke(int first)
    {
        ConcurrentDictionary<long, int> breaks = new();
        _body = (begin, length) => breaks.AddOrUpdate(begin / RangeSize, 1, (_, times) => times + 1) switch
        {
            // Each range breaks twice on its way: once by an exception, once by an early end.
            1 => new BrokenBody(_content.AsMemory((int)begin, (int)length / 3), new IOException("reset")),
            2 => new BrokenBody(_content.AsMemory((int)begin, (int)length / 2), failure: null),
            _ => new MemoryStream(_content, (int)begin, (int)length),
        };
        await using Stream stream = Open(0, 25_500, first);
        Assert.Equal(_content, await ReadAsync(stream));
        Assert.True(_asked.Count > 60, $"{_asked.Count} requests");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task A_body_that_breaks_again_and_again_is_a_transient_failure_and_no_early_end(int first)
    {
        _body = (begin, length) => begin >= 3000 ? new BrokenBody(default, new IOException("reset")) : new MemoryStream(_content, (int)begin, (int)length);
        await using Stream stream = Open(0, 25_500, first);
        byte[] head = new byte[3000];
        await stream.ReadExactlyAsync(head, Cancel);
        Assert.Equal(_content[..3000], head);
        ArtifactStoreException raised = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await stream.ReadExactlyAsync(new byte[10], Cancel));
        Assert.True(raised.IsTransient);
        Assert.Contains("the model", raised.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArtifactStoreException>(async () => await stream.ReadExactlyAsync(new byte[10], Cancel));
    }

    [Fact]
    public async Task What_asking_raises_is_raised_as_it_is()
    {
        _body = (begin, length) => begin >= 3000 ? throw new ArtifactStoreException("replaced", isTransient: true) : new MemoryStream(_content, (int)begin, (int)length);
        await using Stream stream = Open(0, 25_500, 1000);
        Assert.Equal("replaced", (await Assert.ThrowsAsync<ArtifactStoreException>(() => ReadAsync(stream))).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task A_connection_that_gives_nothing_for_the_time_out_is_given_up_and_asked_for_again(int first)
    {
        FakeTimeProvider time = new();
        TaskCompletionSource stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int stalls = 0;
        _body = (begin, length) => begin == 2000 && Interlocked.Increment(ref stalls) == 1 ? new StalledBody(stalled) : new MemoryStream(_content, (int)begin, (int)length);
        await using Stream stream = Open(0, 25_500, first, time);
        Task<byte[]> reading = ReadAsync(stream);
        await stalled.Task.WaitAsync(Cancel);
        while (!reading.IsCompleted && Volatile.Read(ref stalls) == 1)
        {
            // The wait may begin just after the clock has moved: it is moved until the range is asked for again.
            time.Advance(TimeSpan.FromSeconds(61));
            await Task.Yield();
        }

        Assert.Equal(_content, await reading);
        Assert.Equal(2, stalls);
    }

    [Fact]
    public async Task A_reader_that_stops_ends_the_requests_under_way()
    {
        int open = 0;
        _body = (begin, length) => new CountedBody(_content, (int)begin, (int)length, () => Interlocked.Increment(ref open), () => Interlocked.Decrement(ref open));
        Stream stream = Open(0, 25_500, 0);
        await stream.ReadExactlyAsync(new byte[1500], Cancel);
        await stream.DisposeAsync();
        Assert.Equal(0, open);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[1], Cancel));
        Assert.InRange(_asked.Count, 2, 6);
    }

    [Fact]
    public async Task A_cancelled_read_can_be_tried_again()
    {
        await using Stream stream = Open(0, 25_500, 0);
        byte[] head = new byte[2500];
        await stream.ReadExactlyAsync(head, Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadExactlyAsync(new byte[5000], new CancellationToken(canceled: true)));
        byte[] rest = await ReadAsync(stream);
        Assert.Equal(_content[^rest.Length..], rest);
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, 700, Cancel);
        return copy.ToArray();
    }

    private Stream Open(int begin, int end, int first, TimeProvider? time = null)
    {
        first = Math.Min(first, end - begin);
        return ContentRanges.Open("the model", begin, end, first == 0 ? null : Body(begin, first), first, (from, length, _) =>
        {
            _asked.Enqueue((from, length));
            return Task.FromResult(Body(from, length));
        }, RangeSize, atOnce: 4, stallTimeout: null, time);
    }

    private Stream Body(long begin, long length) => _body?.Invoke(begin, length) ?? new MemoryStream(_content, (int)begin, (int)length);

    private sealed class BrokenBody(ReadOnlyMemory<byte> bytes, Exception? failure) : MemoryStream(bytes.ToArray())
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 || failure is null ? read : throw failure;
        }
    }

    private sealed class StalledBody(TaskCompletionSource stalled) : MemoryStream
    {
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            stalled.TrySetResult();
            await _closed.Task;
            throw new IOException("closed");
        }

        protected override void Dispose(bool disposing)
        {
            _closed.TrySetResult();
            base.Dispose(disposing);
        }
    }

    private sealed class CountedBody : MemoryStream
    {
        private Action? _closed;

        public CountedBody(byte[] content, int begin, int length, Action opened, Action closed)
            : base(content, begin, length)
        {
            opened();
            _closed = closed;
        }

        protected override void Dispose(bool disposing)
        {
            Interlocked.Exchange(ref _closed, null)?.Invoke();
            base.Dispose(disposing);
        }
    }
}
