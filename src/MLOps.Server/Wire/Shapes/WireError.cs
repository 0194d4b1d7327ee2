namespace MLOps.Server.Wire.Shapes;

/// <summary>An error (contract §1.5).</summary>
internal sealed record WireError(string ErrorCode, string Message);
