namespace MLOps.Registry;

/// <summary>How a model source loads and watches.</summary>
public sealed record ModelSourceOptions
{
    /// <summary>Whether a start without a loadable model is allowed; the source then has none until one can be loaded. Default: no, the start fails.</summary>
    public bool AllowNone { get; init; }

    /// <summary>How long after a failed load it is tried again; twice as long after each further failure, up to 32 times this. A move of the alias is tried at once. Default: 5 s; 50 ms to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of its range.</exception>
    public TimeSpan RetryInterval
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(50));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
            field = value;
        }
    } = TimeSpan.FromSeconds(5);
}
