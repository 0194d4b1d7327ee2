using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace MLOps.Cli.Server;

/// <summary>Gives connections blocks of 64 KiB: an upload of 512 MiB then takes thousands of reads from its socket, where blocks of 4 KiB take hundreds of thousands.</summary>
/// <remarks>A connection that waits for its client holds no block, and of a block only what was written has memory behind it.</remarks>
internal sealed class TransferMemoryPool : MemoryPool<byte>
{
    private const int BlockSize = 64 * 1024, Kept = 128;

    private readonly ConcurrentQueue<byte[]> _free = new();
    private int _count;

    public override int MaxBufferSize => BlockSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        if (_free.TryDequeue(out byte[]? bytes))
            Interlocked.Decrement(ref _count);
        return new Block(this, bytes ?? GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true));
    }

    protected override void Dispose(bool disposing) => _free.Clear();

    private void Return(byte[] bytes)
    {
        if (Interlocked.Increment(ref _count) <= Kept)
            _free.Enqueue(bytes);
        else
            Interlocked.Decrement(ref _count);
    }

    /// <summary>Makes a pool for each queue of the web server's connections.</summary>
    public sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new TransferMemoryPool();
    }

    private sealed class Block(TransferMemoryPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = bytes;

        public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } returned)
                pool.Return(returned);
        }
    }
}
