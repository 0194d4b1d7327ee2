using MLOps.Registry.Signatures;

namespace MLOps.Registry;

/// <summary>What is said of a version when it is registered.</summary>
public sealed record RegisterOptions
{
    /// <summary>Whether the registered model must be there; otherwise it is made with its first version. Default: no.</summary>
    public bool ModelMustExist { get; init; }

    /// <summary>A description in Markdown; null for none.</summary>
    public string? Description { get; init; }

    /// <summary>Tags to begin with.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What the model takes and gives. Null takes it from an ONNX file where there is one.</summary>
    public ModelSignature? Signature { get; init; }

    /// <summary>The library that can load the files; null guesses it from the files.</summary>
    public ModelFlavor? Flavor { get; init; }

    /// <summary>An example of an input as JSON, kept as <c>input_example.json</c> beside the files; null for none. Not for content that stays where it is.</summary>
    public string? InputExample { get; init; }

    /// <summary>The run that made the model; null takes that of the content, else <see cref="Run.Current"/> of the registry's tracker, else none.</summary>
    public RunId? RunId { get; init; }

    /// <summary>Whether the run may be one that the tracker does not have, because another server keeps it: then nothing but its id is written down. For content that is not read now (<see cref="ModelContent.FromUri"/>). Default: no.</summary>
    public bool AllowUnknownRun { get; init; }

    /// <summary>A link to the run in another tool; null for none.</summary>
    public string? RunLink { get; init; }

    /// <summary>The logged model that it is made from (MLflow 3); null for none.</summary>
    public string? LoggedModelId { get; init; }

    /// <summary>Metrics beside those of the run, for example of an evaluation after it; they win.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, double>.Empty;

    /// <summary>The versions that it was made from, for example by fine-tuning.</summary>
    public IReadOnlyList<ModelVersionRef> Parents { get; init; } = [];
}
