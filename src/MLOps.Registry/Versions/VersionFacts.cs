using MLOps.Registry.Signatures;

namespace MLOps.Registry;

/// <summary>What is written down when a version is registered. It does not change, but for <see cref="Manifest"/>, which a version of a foreign source gets when it is first resolved.</summary>
public sealed record VersionFacts
{
    /// <summary>Where the version came from, as it was given: a URI.</summary>
    public required string Source { get; init; }

    /// <summary>Where its files lie: the absolute URI of a folder or a file. Differs from <see cref="Source"/> where that names another version or a run.</summary>
    public required string Location { get; init; }

    /// <summary>The files with sizes and hashes; null as long as nobody has read them.</summary>
    public ModelManifest? Manifest { get; init; }

    /// <summary>The libraries that can load the files; the first is the one that the files are made for.</summary>
    public IReadOnlyList<ModelFlavor> Flavors { get; init; } = [];

    /// <summary>What the model takes and gives; null when unknown.</summary>
    public ModelSignature? Signature { get; init; }

    /// <summary>The run that made it; null when unknown.</summary>
    public RunId? RunId { get; init; }

    /// <summary>A link to the run in another tool; null when there is none.</summary>
    public string? RunLink { get; init; }

    /// <summary>The logged model that it was made from (MLflow 3); null when there is none.</summary>
    public string? LoggedModelId { get; init; }

    /// <summary>The run's latest metrics at registration, and those given beside them. What promotion policies judge.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, double>.Empty;

    /// <summary>The run's params at registration.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The datasets that the run used.</summary>
    public IReadOnlyList<DatasetInput> Datasets { get; init; } = [];

    /// <summary>The code that the run ran; null when unknown.</summary>
    public CodeState? Code { get; init; }

    /// <summary>The versions that it was made from, for example by fine-tuning, by the names that their models had.</summary>
    public IReadOnlyList<ModelVersionRef> Parents { get; init; } = [];

    /// <summary>For each of <see cref="Parents"/> the <see cref="RegisteredModel.Key"/> of its model, in the same order: what lineage follows, for a name may change or pass to another model.</summary>
    public IReadOnlyList<Guid> ParentKeys { get; init; } = [];
}
