namespace MLOps.Registry.Signatures;

/// <summary>Something that can be set at each call of a model.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of its value.</param>
/// <param name="Default">The value when nothing is set, in invariant culture; null for none.</param>
public sealed record ParamSpec(string Name, ColumnType Type, string? Default);
