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

    /// <summary>The run that makes it; null when none does.</summary>
    public RunId? SourceRunId { get; init; }

    /// <summary>Where its files go: an absolute URI; null for <c>models/&lt;id&gt;/artifacts</c> below the experiment's location.</summary>
    public string? ArtifactLocation { get; init; }

    /// <summary>Params to begin with. Their limits are those of runs.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Tags to begin with. Their limits are those of runs.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
