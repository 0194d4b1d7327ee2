namespace MLOps.Registry;

/// <summary>Another registered model has the name.</summary>
/// <param name="model">The name.</param>
public sealed class ModelExistsException(string model) : MLOpsException($"A registered model '{model}' already exists. Register a version of it, or choose another name.")
{
    /// <summary>The name.</summary>
    public string Model { get; } = model;
}
