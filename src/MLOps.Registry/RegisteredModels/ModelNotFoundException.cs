namespace MLOps.Registry;

/// <summary>There is no registered model of a name.</summary>
/// <param name="model">The name.</param>
public sealed class ModelNotFoundException(string model)
    : MLOpsException($"There is no registered model '{model}'. Names are compared by case; FindModelsAsync lists those that there are, and RegisterAsync makes one with its first version.")
{
    /// <summary>The name.</summary>
    public string Model { get; } = model;
}
