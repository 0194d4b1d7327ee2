using System.Globalization;

namespace MLOps.Registry;

/// <summary>A model has no version of a number, or no longer.</summary>
/// <param name="model">The model's name.</param>
/// <param name="number">The number; 0 when the model has no version at all.</param>
public sealed class ModelVersionNotFoundException(string model, int number)
    : MLOpsException(number == 0
        ? $"Model '{model}' has no version yet. RegisterAsync makes one."
        : string.Create(CultureInfo.InvariantCulture, $"Model '{model}' has no version {number}. It may have been deleted; FindVersionsAsync lists those that there are."))
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The number; 0 when the model has no version at all.</summary>
    public int Number { get; } = number;
}
