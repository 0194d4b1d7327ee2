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

    /// <summary>Whether nothing but the lifecycle is to change: all that may be asked of a model that is deleted.</summary>
    public bool IsOfLifecycleAlone => Lifecycle is not null && Status is null && StatusMessage is null && AddedParams.Count == 0 && SetTags.Count == 0 && DeletedTags.Count == 0;

    /// <summary>Checks the keys and values: the first thing that a store does with it.</summary>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">One is missing or not legal, or a tag is named twice; the message says which rule it breaks.</exception>
    public void Check(string parameterName = "change")
    {
        if (Error() is { } error)
            throw new ArgumentException(error, parameterName);
    }

    internal static string? FirstError(IReadOnlyDictionary<string, string> pairs, Func<string, string, string?> errorOf) =>
        pairs is null ? "Params or tags are missing; none is an empty dictionary." : pairs.Select(pair => errorOf(pair.Key, pair.Value)).FirstOrDefault(error => error is not null);

    private string? Error() =>
        Status is < LoggedModelStatus.Unspecified or > LoggedModelStatus.UploadFailed ? $"{(int)Status} is not the number of a logged model's status."
        : Lifecycle is < MLOps.Tracking.Lifecycle.Active or > MLOps.Tracking.Lifecycle.Deleted ? $"{(int)Lifecycle} is not the number of a lifecycle."
        : Limits.LengthError(StatusMessage ?? "", 0, Limits.LoggedModelStatusMessageLength, "The word on a logged model's status")
            ?? FirstError(AddedParams, Limits.ParamError)
            ?? FirstError(SetTags, Limits.TagError)
            ?? DeletedTagsError();

    private string? DeletedTagsError()
    {
        HashSet<string> tags = new(SetTags.Keys, StringComparer.Ordinal);
        foreach (string? key in DeletedTags)
        {
            if (key is null)
                return "The key of a tag to delete is missing.";
            if (!tags.Add(key))
                return $"Tag '{key}' is to be set and deleted, or deleted twice. Name it once.";
        }

        return null;
    }
}
