namespace MLOps.Drift.Streams;

/// <summary>Which changes of a stream's mean a detector looks for.</summary>
public enum ChangeDirection
{
    /// <summary>Rises and falls.</summary>
    Both = 0,

    /// <summary>Rises only.</summary>
    Up = 1,

    /// <summary>Falls only.</summary>
    Down = 2,
}
