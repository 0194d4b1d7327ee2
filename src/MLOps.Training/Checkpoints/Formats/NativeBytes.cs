using System.Buffers;

namespace MLOps.Training.Checkpoints;

/// <summary>Native memory as streams take it. Whoever makes it keeps the memory alive.</summary>
internal sealed unsafe class NativeBytes(nint address, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new((void*)address, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
