namespace MLOps.Registry;

/// <summary>A version of a registered model, as it was when it was read. Immutable.</summary>
public sealed record ModelVersion
{
    /// <summary>The <see cref="RegisteredModel.Key"/> of its model.</summary>
    public required Guid ModelKey { get; init; }

    /// <summary>The name of its model.</summary>
    public required string Model { get; init; }

    /// <summary>The number, from 1 up; never given twice, even after a deletion.</summary>
    public required int Number { get; init; }

    /// <summary>Whether it can be used.</summary>
    public ModelVersionStatus Status { get; init; } = ModelVersionStatus.Ready;

    /// <summary>Whether its files have been read and found to have the hashes of <see cref="VersionFacts.Manifest"/>. A version of a foreign source becomes verified when it is first resolved.</summary>
    public required bool IsVerified { get; init; }

    /// <summary>MLflow's legacy stage.</summary>
    public ModelStage Stage { get; init; }

    /// <summary>A description in Markdown; null when none was ever given.</summary>
    public string? Description { get; init; }

    /// <summary>Who registered it.</summary>
    public required string User { get; init; }

    /// <summary>When it was registered, to the millisecond.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed, to the millisecond.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The names of the aliases that point to it, in ordinal order.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What was written down at its registration: source, files, signature, metrics, lineage.</summary>
    public required VersionFacts Facts { get; init; }

    /// <summary>Its model's name and its number.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public ModelVersionRef Ref => new(Model, Number);
}
