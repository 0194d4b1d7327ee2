namespace MLOps.Registry;

/// <summary>How a model source loads and watches.</summary>
public sealed record ModelSourceOptions
{
    /// <summary>Whether a start without a loadable model is allowed; the source then has none until one can be loaded. Default: no, the start fails.</summary>
    public bool AllowNone { get; init; }
}
