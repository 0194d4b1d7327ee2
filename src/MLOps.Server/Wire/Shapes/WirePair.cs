namespace MLOps.Server.Wire.Shapes;

/// <summary>A key and its value: params and tags.</summary>
internal sealed record WirePair(string Key, string Value);
