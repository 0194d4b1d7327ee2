using System.Globalization;

namespace MLOps.Registry;

/// <summary>An alias points to another version than its mover expected: somebody else has moved it.</summary>
/// <param name="model">The model's name.</param>
/// <param name="alias">The alias.</param>
/// <param name="expected">The version that was expected; 0 for none.</param>
/// <param name="actual">The version that it points to; 0 for none.</param>
public sealed class AliasConflictException(string model, string alias, int expected, int actual)
    : MLOpsException($"Alias '{alias}' of model '{model}' points to {Describe(actual)}, not to {Describe(expected)} as expected: it has been moved meanwhile. Read it again and decide again.")
{
    /// <summary>The model's name.</summary>
    public string Model { get; } = model;

    /// <summary>The alias.</summary>
    public string Alias { get; } = alias;

    /// <summary>The version that was expected; 0 for none.</summary>
    public int Expected { get; } = expected;

    /// <summary>The version that it points to; 0 for none.</summary>
    public int Actual { get; } = actual;

    private static string Describe(int version) => version == 0 ? "no version" : string.Create(CultureInfo.InvariantCulture, $"version {version}");
}
