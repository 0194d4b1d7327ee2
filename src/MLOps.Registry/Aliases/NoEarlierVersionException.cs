namespace MLOps.Registry;

/// <summary>An alias cannot be rolled back: there is no earlier version that still exists.</summary>
/// <param name="model">The model's name.</param>
/// <param name="alias">The alias.</param>
public sealed class NoEarlierVersionException(string model, string alias)
    : MLOpsException($"Alias '{alias}' of model '{model}' cannot be rolled back: it pointed to no other version before that still exists. Move it with MoveAliasAsync, or with ProposeAsync where a policy guards it.")
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The alias.</summary>
    public string Alias { get; } = alias;
}
