namespace MLOps.Registry;

/// <summary>A model has no alias of a name.</summary>
/// <param name="model">The model's name.</param>
/// <param name="alias">The alias.</param>
public sealed class AliasNotFoundException(string model, string alias) : MLOpsException($"Model '{model}' has no alias '{alias}'. Case counts; MoveAliasAsync makes one.")
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The alias.</summary>
    public string Alias { get; } = alias;
}
