using MLOps.Tracking;

namespace MLOps.Training.Checkpoints;

/// <summary>A file of tensors breaks the rules of its format: it was damaged, cut short, or written by something else.</summary>
/// <param name="file">The file, or what the content was called.</param>
/// <param name="entry">The entry that breaks a rule; null where the file as a whole does.</param>
/// <param name="reason">Which rule, as the end of a sentence.</param>
/// <param name="innerException">The cause.</param>
public sealed class ModelFileException(string file, string? entry, string reason, Exception? innerException = null)
    : MLOpsException($"'{file}' can't be read: {(entry is null ? "" : $"its entry '{entry}' ")}{reason} Nothing was loaded. Restore the file, or write it again.", innerException)
{
    /// <summary>The file, or what the content was called.</summary>
    public string File { get; } = file;

    /// <summary>The entry that breaks a rule; null where the file as a whole does.</summary>
    public string? Entry { get; } = entry;
}
