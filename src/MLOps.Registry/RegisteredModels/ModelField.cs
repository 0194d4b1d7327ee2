using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <summary>The fields by which registered models are found and ordered, to build filters and orders in code.</summary>
public static class ModelField
{
    /// <summary>The name.</summary>
    public static TextField Name { get; } = new(new(SearchEntity.Attribute, "name"));

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
