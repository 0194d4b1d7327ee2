namespace MLOps.Registry;

/// <summary>An alias has pointed to no other version before that is still there, so that there is nothing to roll back to. Nothing has changed.</summary>
/// <param name="model">The model's name.</param>
/// <param name="alias">The alias.</param>
public sealed class NoEarlierVersionException(string model, string alias)
    : MLOpsException($"Alias '{alias}' of model '{model}' has no earlier version that is still there. Move it with MoveAliasAsync, or promote another version.")
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The alias.</summary>
    public string Alias { get; } = alias;
}
