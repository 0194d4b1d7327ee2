using System.Collections.ObjectModel;

namespace MLOps.Tracking;

/// <summary>A dataset that a run used, as MLflow keeps it: name and digest identify it within the experiment.</summary>
public sealed record DatasetInput
{
    /// <summary>The name, 1 to 500 characters.</summary>
    public required string Name { get; init; }

    /// <summary>A digest of the content, 1 to 36 characters.</summary>
    public required string Digest { get; init; }

    /// <summary>The kind of <see cref="Source"/>, for example <c>local</c>, <c>http</c>, <c>s3</c>.</summary>
    public string SourceType { get; init; } = "local";

    /// <summary>Where the data came from, at most 65,535 characters; required by MLflow, may be empty here.</summary>
    public string Source { get; init; } = "";

    /// <summary>The schema, as JSON by convention, at most 1,048,575 characters; null when unknown.</summary>
    public string? Schema { get; init; }

    /// <summary>A summary of the content (row counts, statistics), as JSON by convention, at most 16,777,215 characters; null when unknown.</summary>
    public string? Profile { get; init; }

    /// <summary>What the run used it for, for example <c>training</c> or <c>validation</c>; kept as the input tag <c>mlflow.data.context</c>. At most 500 characters; null when unsaid.</summary>
    public string? Role { get; init; }

    /// <summary>Further tags of this use of the dataset, without the role: keys of at most 255 characters, values of at most 500. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Tags
    {
        get;

        // What was written down before inputs had tags is read without them.
        init => field = value is { Count: > 0 } ? value : ReadOnlyDictionary<string, string>.Empty;
    } = ReadOnlyDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public bool Equals(DatasetInput? other) =>
        other is not null && Name == other.Name && Digest == other.Digest && SourceType == other.SourceType && Source == other.Source && Schema == other.Schema && Profile == other.Profile && Role == other.Role
        && Tags.Count == other.Tags.Count && Tags.All(tag => other.Tags.TryGetValue(tag.Key, out string? value) && value == tag.Value);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Digest, SourceType, Source, Role, Tags.Count);
}
