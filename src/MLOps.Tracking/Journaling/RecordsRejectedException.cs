namespace MLOps.Tracking;

/// <summary>The store refused records that this tracker had accepted. They are not lost: each is a line of a file.</summary>
/// <param name="count">How many since this was last raised.</param>
/// <param name="path">The file of JSON lines that holds them, with the reason of each.</param>
public sealed class RecordsRejectedException(long count, string path)
    : MLOpsException($"The store refused {count} records. They are kept, with the reason of each, in '{path}'.")
{
    /// <summary>How many since this was last raised.</summary>
    public long Count { get; } = count;

    /// <summary>The file of JSON lines that holds them.</summary>
    public string Path { get; } = path;
}
