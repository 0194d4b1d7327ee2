namespace MLOps.Tracking.Storage;

/// <summary>Something wrong that a check found in a store.</summary>
/// <param name="Kind">What sort of damage it is.</param>
/// <param name="Message">What is wrong, where, and what to do, as sentences.</param>
public sealed record StoreFinding(StoreFindingKind Kind, string Message)
{
    /// <summary>The run that it concerns; null where it concerns none or several.</summary>
    public RunId? RunId { get; init; }

    /// <summary>The key of the metric, param or tag, or the path of the artifact; null where it concerns none.</summary>
    public string? Key { get; init; }
}
