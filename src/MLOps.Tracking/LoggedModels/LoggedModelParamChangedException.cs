namespace MLOps.Tracking.LoggedModels;

/// <summary>A param of a logged model was to be added a second time: params are only ever added.</summary>
/// <param name="id">The model.</param>
/// <param name="key">The param.</param>
public sealed class LoggedModelParamChangedException(LoggedModelId id, string key) : MLOpsException($"Logged model '{id}' has a param '{key}' already, and params do not change. Add it under another key, or set a tag.")
{
    /// <summary>The model.</summary>
    public LoggedModelId Id { get; } = id;

    /// <summary>The param.</summary>
    public string Key { get; } = key;
}
