using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Checkpoints;

public sealed class StreamingCopyTests
{
    [Fact]
    public unsafe void Every_byte_is_copied_and_none_beside_it_whatever_the_alignment()
    {
        Random random = new(11);
        byte[] source = new byte[300_000], target = new byte[300_000];
        random.NextBytes(source);
        fixed (byte* from = source, to = target)
        {
            for (int round = 0; round < TestLength.Of(300, 5_000); round++)
            {
                int begin = random.Next(130), at = random.Next(1, 130), bytes = random.Next(4) == 0 ? random.Next(300) : random.Next(60_000, 299_000 - at - begin);
                target.AsSpan().Fill(0xA5);
                StreamingCopy.Copy((nint)from + begin, (nint)to + at, bytes);
                Thread.MemoryBarrier();
                Assert.True(source.AsSpan(begin, bytes).SequenceEqual(target.AsSpan(at, bytes)), $"round {round}: {bytes} bytes from {begin} to {at}");
                Assert.Equal(-1, target.AsSpan(0, at).IndexOfAnyExcept((byte)0xA5));
                Assert.Equal(-1, target.AsSpan(at + bytes).IndexOfAnyExcept((byte)0xA5));
            }
        }
    }
}
