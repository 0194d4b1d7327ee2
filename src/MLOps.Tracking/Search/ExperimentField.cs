namespace MLOps.Tracking.Search;

/// <summary>The fields by which experiments are found and ordered, to build filters and orders in code.</summary>
public static class ExperimentField
{
    /// <summary>The experiment's id, ordered as a number. For orders alone.</summary>
    public static NumberField Id { get; } = new(new(SearchEntity.Attribute, "experiment_id"));

    /// <summary>The experiment's name.</summary>
    public static TextField Name { get; } = new(new(SearchEntity.Attribute, "name"));

    /// <summary>When the experiment was made.</summary>
    public static TimeField CreatedAt { get; } = new(new(SearchEntity.Attribute, "creation_time"));

    /// <summary>When the experiment was last changed.</summary>
    public static TimeField UpdatedAt { get; } = new(new(SearchEntity.Attribute, "last_update_time"));

    /// <summary>A tag.</summary>
    /// <param name="key">The tag's key.</param>
    /// <returns>The field.</returns>
    public static TextField Tag(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new TextField(new SearchField(SearchEntity.Tag, key));
    }
}
