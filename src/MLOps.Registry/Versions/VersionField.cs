using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <summary>The fields by which versions are found and ordered, to build filters and orders in code.</summary>
public static class VersionField
{
    /// <summary>The model's name.</summary>
    public static TextField Model { get; } = new(new(SearchEntity.Attribute, "name"));

    /// <summary>The number.</summary>
    public static NumberField Number { get; } = new(new(SearchEntity.Attribute, "version_number"));

    /// <summary>The id of the run that made it.</summary>
    public static TextField RunId { get; } = new(new(SearchEntity.Attribute, "run_id"));

    /// <summary><see cref="VersionFacts.Source"/>.</summary>
    public static TextField Source { get; } = new(new(SearchEntity.Attribute, "source_path"));

    /// <summary>When it was registered. For orders alone.</summary>
    public static TimeField CreatedAt { get; } = new(new(SearchEntity.Attribute, "creation_timestamp"));

    /// <summary>When it was last changed. For orders alone.</summary>
    public static TimeField UpdatedAt { get; } = new(new(SearchEntity.Attribute, "last_updated_timestamp"));

    /// <summary>A tag.</summary>
    /// <param name="key">The tag's key.</param>
    /// <returns>The field.</returns>
    public static TextField Tag(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new TextField(new SearchField(SearchEntity.Tag, key));
    }
}
