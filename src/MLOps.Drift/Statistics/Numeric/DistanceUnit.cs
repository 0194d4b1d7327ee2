namespace MLOps.Drift.Statistics;

/// <summary>In what unit a distance between samples is given.</summary>
public enum DistanceUnit
{
    /// <summary>As the values have it.</summary>
    Values,

    /// <summary>In standard deviations of the reference, divided by n, of which one is taken to be 0.001 at least: for thresholds that hold for many columns.</summary>
    ReferenceDeviation,
}
