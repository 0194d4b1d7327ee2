namespace MLOps.Tracking.Journaling;

/// <summary>The folder that holds the journals of one store, one folder each. One host per root; a root on a network disk is refused.</summary>
internal sealed class JournalRoot
{
    public const string MakingSuffix = ".making";
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1);

    private JournalRoot(string folder, bool allowsMapping)
    {
        Folder = folder;
        AllowsMapping = allowsMapping;
    }

    public string Folder { get; }

    /// <summary>Whether space can be allocated for good and mapped here.</summary>
    public bool AllowsMapping { get; }

    public string RejectedFolder => Path.Combine(Folder, "rejected");

    /// <summary>Makes the folder where absent and looks at what it lies on.</summary>
    /// <exception cref="JournalException">The folder cannot be made, or lies on a network disk.</exception>
    public static JournalRoot Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"Cannot make the journal folder '{folder}': {exception.Message} Make its parent writable or choose another with JournalOptions.Folder.", exception);
        }

        if (!OperatingSystem.IsLinux())
            return new JournalRoot(folder, allowsMapping: false);

        // linux/magic.h
        switch (Posix.FileSystem(folder) & 0xFFFFFFFF)
        {
            case 0x6969 or 0xFF534D42 or 0x517B or 0xFE534D42 or 0x00C36400 or 0x5346414F or 0x0BD00BD0:
                throw new JournalException($"The journal folder '{folder}' is on a network disk, where file locks and memory maps do not hold. Set JournalOptions.Folder to a local disk; the store and the artifacts may stay where they are.");
            case 0xEF53 or 0x58465342 or 0x01021994 or 0x794C7630 or 0xF2F52010:
                return new JournalRoot(folder, allowsMapping: true);
            default:
                return new JournalRoot(folder, allowsMapping: false);
        }
    }

    /// <summary>Takes the journals whose owners are gone. The caller disposes each.</summary>
    public IEnumerable<DeadJournal> TakeDead(TimeProvider clock)
    {
        foreach (string folder in Directory.EnumerateDirectories(Folder))
        {
            string name = Path.GetFileName(folder);
            if (name.EndsWith(MakingSuffix, StringComparison.Ordinal) && clock.GetUtcNow().UtcDateTime - Directory.GetLastWriteTimeUtc(folder) > AbandonedAfter)
                Directory.Delete(folder, recursive: true);
            if (!Guid.TryParseExact(name, "N", out Guid id))
                continue;
            if (OwnerLock.TryTake(folder, id) is { } ownerLock)
                yield return new DeadJournal(folder, ownerLock);
        }
    }
}
