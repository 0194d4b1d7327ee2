using System.Collections.ObjectModel;

namespace MLOps.Tracking.LoggedModels;

/// <summary>What to change of a logged model, in one transaction; what is null or empty stays.</summary>
public sealed record LoggedModelChange
{
    /// <summary>The status to set.</summary>
    public LoggedModelStatus? Status { get; init; }

    /// <summary>The word on the status to set.</summary>
    public string? StatusMessage { get; init; }

    /// <summary>Params to add.</summary>
    public IReadOnlyDictionary<string, string> AddedParams { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Tags to set; the last value wins.</summary>
    public IReadOnlyDictionary<string, string> SetTags { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Keys of tags to delete.</summary>
    public IReadOnlyList<string> DeletedTags { get; init; } = [];

    /// <summary>The state to bring it to. Bringing it to the one that it is in changes nothing.</summary>
    public Lifecycle? Lifecycle { get; init; }
}
