namespace MLOps.Tracking.LoggedModels;

/// <summary>No such logged model in the store that was asked, or it is deleted.</summary>
/// <param name="id">The model.</param>
public sealed class LoggedModelNotFoundException(LoggedModelId id) : MLOpsException($"No logged model '{id}' in this store. It may belong to another store or have been deleted.")
{
    /// <summary>The model.</summary>
    public LoggedModelId Id { get; } = id;
}
