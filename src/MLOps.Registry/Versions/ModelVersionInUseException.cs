using System.Globalization;

namespace MLOps.Registry;

/// <summary>A version cannot be deleted because aliases point to it.</summary>
/// <param name="model">The model's name.</param>
/// <param name="number">The version.</param>
/// <param name="aliases">The aliases, at least one.</param>
public sealed class ModelVersionInUseException(string model, int number, IReadOnlyList<string> aliases)
    : MLOpsException(string.Create(CultureInfo.InvariantCulture, $"Version {number} of model '{model}' is what alias '{string.Join("', '", aliases)}' points to. Move or remove the alias first."))
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The version.</summary>
    public int Number { get; } = number;

    /// <summary>The aliases.</summary>
    public IReadOnlyList<string> Aliases { get; } = aliases;
}
