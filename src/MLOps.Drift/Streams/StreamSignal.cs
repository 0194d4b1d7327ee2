namespace MLOps.Drift.Streams;

/// <summary>What a detector says after a value. In order of alarm, so that <c>signal >= StreamSignal.Warning</c> reads as it should.</summary>
public enum StreamSignal
{
    /// <summary>Nothing points to a change.</summary>
    None = 0,

    /// <summary>A change may be under way: the detector's lower threshold is passed. Detectors that know no warnings never say so.</summary>
    Warning = 1,

    /// <summary>The stream changed. The detector starts afresh with the next value.</summary>
    Drift = 2,
}
