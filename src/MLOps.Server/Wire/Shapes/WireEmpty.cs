namespace MLOps.Server.Wire.Shapes;

/// <summary>No fields: the answer of an act without a result.</summary>
internal sealed record WireEmpty;
