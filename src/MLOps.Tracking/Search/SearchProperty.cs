namespace MLOps.Tracking.Search;

/// <summary>An attribute that can be searched.</summary>
/// <param name="Name">The canonical name, for example <c>start_time</c>.</param>
/// <param name="IsNumber">Whether it is a number (times are milliseconds since 1970-01-01 UTC); else it is a text.</param>
public sealed record SearchProperty(string Name, bool IsNumber)
{
    /// <summary>Other names that mean the same; a name with spaces is written in quotes.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Whether filters may name it. Default: yes.</summary>
    public bool IsFilterable { get; init; } = true;

    /// <summary>Whether orders may name it. Default: yes.</summary>
    public bool IsSortable { get; init; } = true;
}
