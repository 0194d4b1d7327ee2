namespace MLOps.Tracking.Artifacts.Transfers;

/// <summary>For artifact stores: reads an object in order through several ranged requests at once, so that memory is bounded at ranges × range size whatever the object's size, and takes up a broken one where it broke.</summary>
public static class ContentRanges
{
    /// <summary>Begins to read.</summary>
    /// <param name="name">What is read, for messages: a path and a location.</param>
    /// <param name="begin">The first byte to read, counted from the beginning of the object.</param>
    /// <param name="end">Where reading ends, not part of it.</param>
    /// <param name="first">The body of a request that has been made already, from <paramref name="begin"/>; disposed with the result. Null to make the first request when reading begins.</param>
    /// <param name="firstBytes">How many bytes <paramref name="first"/> has.</param>
    /// <param name="open">Asks for a range: given where it begins and how many bytes it has, returns its body. It pins the object, by its ETag, so that ranges of two contents are never mixed.</param>
    /// <param name="rangeSize">The size of a range in bytes. Default 8 MiB.</param>
    /// <param name="atOnce">How many ranges are asked for at once, 1 or more. Default 4.</param>
    /// <param name="stallTimeout">How long a connection may give no byte. Default 60 seconds.</param>
    /// <param name="time">The clock of that time; the system's when null.</param>
    /// <returns>The content, forward only, for one reader at a time. Disposing it ends the requests under way.</returns>
    /// <remarks>
    /// A range that breaks (an <see cref="IOException"/> or <see cref="HttpRequestException"/> while its body is read, an early end, or no byte for the time-out) is asked for again from where it broke;
    /// after three times without a byte between, reading raises a transient <see cref="ArtifactStoreException"/>. What <paramref name="open"/> raises is raised as it is.
    /// </remarks>
    public static Stream Open(
        string name,
        long begin,
        long end,
        Stream? first,
        long firstBytes,
        Func<long, long, CancellationToken, Task<Stream>> open,
        int rangeSize = 8 << 20,
        int atOnce = 4,
        TimeSpan? stallTimeout = null,
        TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(open);
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        ArgumentOutOfRangeException.ThrowIfLessThan(end, begin);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rangeSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atOnce);
        return new RangedReadStream(name, begin, end, first, firstBytes, open, rangeSize, atOnce, stallTimeout ?? TimeSpan.FromSeconds(60), time ?? TimeProvider.System);
    }
}
