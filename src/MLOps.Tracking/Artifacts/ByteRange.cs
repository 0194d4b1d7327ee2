namespace MLOps.Tracking.Artifacts;

/// <summary>Which part of an object to read. <c>default</c> is all of it.</summary>
public readonly record struct ByteRange
{
    /// <summary>Names a range.</summary>
    /// <param name="offset">The first byte, counted from 0.</param>
    /// <param name="length">How many bytes, 1 or more; null reads to the end.</param>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, or the length is not positive.</exception>
    public ByteRange(long offset, long? length = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (length is { } bytes)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes, nameof(length));
        (Offset, Length) = (offset, length);
    }

    /// <summary>The first byte, counted from 0; not past the end of the object that is read. The end itself gives nothing.</summary>
    public long Offset { get; }

    /// <summary>How many bytes; what lies past the end is left out. Null reads to the end.</summary>
    public long? Length { get; }

    /// <summary>Whether this is the whole of any object.</summary>
    public bool IsWhole => Offset == 0 && Length is null;

    /// <summary>For stores: the range within an object of a given size.</summary>
    /// <param name="sizeBytes">The object's size.</param>
    /// <returns>Where it begins and where it ends; the end is not part of it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It begins past the end.</exception>
    public (long Begin, long End) Within(long sizeBytes) => Offset > sizeBytes
        ? throw new ArgumentOutOfRangeException(nameof(sizeBytes), sizeBytes, $"A range from byte {Offset} on begins past the end of this object.")
        : (Offset, Length is { } length ? Offset + Math.Min(length, sizeBytes - Offset) : sizeBytes);
}
