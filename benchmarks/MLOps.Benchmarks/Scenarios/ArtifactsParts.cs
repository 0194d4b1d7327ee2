using Microsoft.Win32.SafeHandles;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The least that a client must do to move a file in parts: one buffer a worker, each part at its place, nothing copied twice.</summary>
internal static class ArtifactsParts
{
    private const int Piece = 1 << 20;

    /// <summary>Reads each part into memory and hands it to <paramref name="send"/>, several at once.</summary>
    /// <returns>What <paramref name="send"/> returned, in the order of the parts.</returns>
    public static async Task<T[]> SendAsync<T>(string file, Func<int, MemoryStream, Task<T>> send)
    {
        using SafeFileHandle source = File.OpenHandle(file, options: FileOptions.SequentialScan);
        long size = RandomAccess.GetLength(source);
        T[] sent = new T[(size + IArtifactsClient.PartSize - 1) / IArtifactsClient.PartSize];
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, IArtifactsClient.PartsAtOnce).Select(_ => Task.Run(async () =>
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(IArtifactsClient.PartSize);
            for (int part; (part = Interlocked.Increment(ref next)) < sent.Length;)
            {
                long offset = (long)part * buffer.Length;
                int length = (int)Math.Min(buffer.Length, size - offset);
                for (int filled = 0; filled < length;)
                    filled += RandomAccess.Read(source, buffer.AsSpan(filled, length - filled), offset + filled);
                using MemoryStream content = new(buffer, 0, length, writable: false);
                sent[part] = await send(part, content);
            }
        })));
        return sent;
    }

    /// <summary>Asks for each part, several at once, and writes what comes where it belongs.</summary>
    public static async Task GetAsync(string file, long size, Func<long, long, Task<(Stream Body, IDisposable Answer)>> open)
    {
        using SafeFileHandle target = File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, preallocationSize: size);
        long parts = (size + IArtifactsClient.PartSize - 1) / IArtifactsClient.PartSize;
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, IArtifactsClient.PartsAtOnce).Select(_ => Task.Run(async () =>
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(Piece);
            for (int part; (part = Interlocked.Increment(ref next)) < parts;)
            {
                long offset = (long)part * IArtifactsClient.PartSize, end = Math.Min(offset + IArtifactsClient.PartSize, size);
                (Stream body, IDisposable answer) = await open(offset, end - offset);
                using (answer)
                await using (body)
                {
                    for (int read; (read = await body.ReadAsync(buffer)) > 0; offset += read)
                        RandomAccess.Write(target, buffer.AsSpan(0, read), offset);
                }

                if (offset != end)
                    throw new EndOfStreamException($"Part {part} ended early.");
            }
        })));
    }
}
