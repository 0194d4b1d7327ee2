namespace MLOps.Tracking;

/// <summary>An experiment of this name exists, perhaps deleted.</summary>
/// <param name="name">The name.</param>
public sealed class ExperimentExistsException(string name)
    : MLOpsException($"An experiment named '{name}' exists, perhaps deleted. Use it, restore it, or choose another name.")
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
