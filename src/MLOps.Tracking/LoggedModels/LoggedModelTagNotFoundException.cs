namespace MLOps.Tracking.LoggedModels;

/// <summary>A tag of a logged model was to be deleted that it does not have.</summary>
/// <param name="id">The model.</param>
/// <param name="key">The tag.</param>
public sealed class LoggedModelTagNotFoundException(LoggedModelId id, string key) : MLOpsException($"Logged model '{id}' has no tag '{key}'.")
{
    /// <summary>The model.</summary>
    public LoggedModelId Id { get; } = id;

    /// <summary>The tag.</summary>
    public string Key { get; } = key;
}
