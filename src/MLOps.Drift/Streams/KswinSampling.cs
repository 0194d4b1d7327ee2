namespace MLOps.Drift.Streams;

/// <summary>Which of the older values of its window <see cref="Kswin"/> compares the newest with.</summary>
public enum KswinSampling
{
    /// <summary>As many as the newest, drawn anew for each test without replacement.</summary>
    Random = 0,

    /// <summary>As many as the newest, the oldest of the window: no chance in it.</summary>
    Oldest = 1,
}
