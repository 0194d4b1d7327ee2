namespace MLOps.RealServers;

/// <summary>A way through a <see cref="FaultProxy"/>.</summary>
public enum Direction
{
    /// <summary>From the client to the server.</summary>
    Upstream,

    /// <summary>From the server to the client.</summary>
    Downstream,
}
