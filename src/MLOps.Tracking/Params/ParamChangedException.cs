namespace MLOps.Tracking;

/// <summary>A param was logged again with another value. Params describe a run and do not change, as in MLflow.</summary>
/// <param name="key">The param.</param>
/// <param name="current">Its value.</param>
/// <param name="attempted">The value that was refused.</param>
public sealed class ParamChangedException(string key, string current, string attempted)
    : MLOpsException($"Param '{key}' is '{Shorten(current)}' and cannot become '{Shorten(attempted)}'. Log what changes during a run as a metric or a tag.")
{
    /// <summary>The param.</summary>
    public string Key { get; } = key;

    /// <summary>Its value.</summary>
    public string Current { get; } = current;

    /// <summary>The value that was refused.</summary>
    public string Attempted { get; } = attempted;

    private static string Shorten(string value) => value.Length <= 100 ? value : value[..100] + "…";
}
