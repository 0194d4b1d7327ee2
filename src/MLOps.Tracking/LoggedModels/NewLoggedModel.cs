using System.Collections.ObjectModel;

namespace MLOps.Tracking.LoggedModels;

/// <summary>A logged model to be made.</summary>
public sealed record NewLoggedModel
{
    /// <summary>The identity, made by the caller, so that a call that is made again makes no second model.</summary>
    public required LoggedModelId Id { get; init; }

    /// <summary>The experiment, which is in use.</summary>
    public required ExperimentId ExperimentId { get; init; }

    /// <summary>The name: not empty, at most 500 characters, none of <c>/ : . % " '</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of model it is; at most 500 characters, empty when unsaid.</summary>
    public string ModelType { get; init; } = "";

    /// <summary>The run that makes it, which need not be in the store; null when none does.</summary>
    public RunId? SourceRunId { get; init; }

    /// <summary>Where its files go: an absolute URI; null for <c>models/&lt;id&gt;/artifacts</c> below the experiment's location.</summary>
    public string? ArtifactLocation { get; init; }

    /// <summary>Params to begin with. Their limits are those of runs.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Tags to begin with. Their limits are those of runs.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Checks the names and values: the first thing that a store does with it.</summary>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">One is missing or not legal; the message says which rule it breaks.</exception>
    public void Check(string parameterName = "model")
    {
        if (Error() is { } error)
            throw new ArgumentException(error, parameterName);
    }

    private string? Error() =>
        Id == default ? "The id of the logged model is empty. LoggedModelId.New() makes one."
        : Name is null ? "The name of the logged model is missing."
        : ArtifactLocation is { } location && (location.Length > Limits.LoggedModelLocationLength || !Uri.TryCreate(location, UriKind.Absolute, out _))
            ? $"The artifact location of a logged model is an absolute URI of at most {Limits.LoggedModelLocationLength} characters."
        : Limits.LoggedModelNameError(Name)
            ?? Limits.LengthError(ModelType, 0, Limits.LoggedModelTypeLength, "A logged model's type")
            ?? LoggedModelChange.FirstError(Params, Limits.ParamError)
            ?? LoggedModelChange.FirstError(Tags, Limits.TagError);
}
