namespace MLOps.Tracking;

/// <summary>Which parts of a run a search reads; what is not asked for is left empty, and costs nothing.</summary>
public sealed record RunFields
{
    /// <summary>Everything: the default.</summary>
    public static RunFields All { get; } = new();

    /// <summary>The run itself alone.</summary>
    public static RunFields None { get; } = new() { Metrics = [], Params = [], Tags = [], Datasets = false };

    /// <summary>The keys of the metrics to read; null reads all.</summary>
    public IReadOnlyList<string>? Metrics { get; init; }

    /// <summary>The keys of the params to read; null reads all.</summary>
    public IReadOnlyList<string>? Params { get; init; }

    /// <summary>The keys of the tags to read; null reads all.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Whether to read the inputs and outputs: datasets, and logged models that went in and came out. Default: yes.</summary>
    public bool Datasets { get; init; } = true;
}
