using System.Globalization;

namespace MLOps.Registry;

/// <summary>A model has no version of a number, or no longer.</summary>
public sealed class ModelVersionNotFoundException : MLOpsException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number; 0 when the model has no version at all.</param>
    public ModelVersionNotFoundException(string model, int number)
        : base(number == 0
            ? $"Model '{model}' has no version yet. RegisterAsync makes one."
            : string.Create(CultureInfo.InvariantCulture, $"Model '{model}' has no version {number}. It may have been deleted; FindVersionsAsync lists those that there are."))
        => (Model, Number) = (model, number);

    internal ModelVersionNotFoundException(string model, ModelStage stage)
        : base($"Model '{model}' has no version in the stage {stage}. TransitionStageAsync moves one there; an alias says the same without a stage.") => Model = model;

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>The number; 0 when the model has no version at all, or none in the stage that was asked for.</summary>
    public int Number { get; }
}
