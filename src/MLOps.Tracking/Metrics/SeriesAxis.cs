namespace MLOps.Tracking;

/// <summary>What the points of a series are laid out along.</summary>
public enum SeriesAxis
{
    /// <summary>By step, then timestamp, then value.</summary>
    Step,

    /// <summary>By timestamp, then step, then value.</summary>
    Time,
}
