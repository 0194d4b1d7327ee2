namespace MLOps.Tracking.Search;

/// <summary>The fields by which runs are found and ordered, to build filters and orders in code.</summary>
/// <example><code>RunField.Metric("accuracy") &gt; 0.9 &amp; RunField.Param("optimizer").EqualTo("adam")</code></example>
public static class RunField
{
    /// <summary>The run's id.</summary>
    public static TextField Id { get; } = new(new(SearchEntity.Attribute, "run_id"));

    /// <summary>The run's name.</summary>
    public static TextField Name { get; } = new(new(SearchEntity.Attribute, "run_name"));

    /// <summary>Where the run stands: <c>RUNNING</c>, <c>SCHEDULED</c>, <c>FINISHED</c>, <c>FAILED</c> or <c>KILLED</c>. A run whose owner's lease has run out is <c>KILLED</c>.</summary>
    public static TextField Status { get; } = new(new(SearchEntity.Attribute, "status"));

    /// <summary>The root of the run's artifacts.</summary>
    public static TextField ArtifactLocation { get; } = new(new(SearchEntity.Attribute, "artifact_uri"));

    /// <summary>Who started the run; empty when unknown.</summary>
    public static TextField User { get; } = new(new(SearchEntity.Attribute, "user_id"));

    /// <summary>When the run started.</summary>
    public static TimeField StartedAt { get; } = new(new(SearchEntity.Attribute, "start_time"));

    /// <summary>When the run ended; a run that has not ended lacks it.</summary>
    public static TimeField EndedAt { get; } = new(new(SearchEntity.Attribute, "end_time"));

    /// <summary>The name of a dataset that the run used. Each comparison asks by itself whether one of the run's datasets meets it. Not for orders.</summary>
    public static TextField DatasetName { get; } = new(new(SearchEntity.Dataset, "name"));

    /// <summary>The digest of a dataset that the run used. Not for orders.</summary>
    public static TextField DatasetDigest { get; } = new(new(SearchEntity.Dataset, "digest"));

    /// <summary>The role of a dataset that the run used: <c>training</c>; in the grammar <c>datasets.context</c>. Not for orders.</summary>
    public static TextField DatasetRole { get; } = new(new(SearchEntity.Dataset, "context"));

    /// <summary>The latest value of a metric.</summary>
    /// <param name="key">The metric's key.</param>
    /// <returns>The field.</returns>
    public static NumberField Metric(string key) => new(Keyed(SearchEntity.Metric, key));

    /// <summary>A param.</summary>
    /// <param name="key">The param's key.</param>
    /// <returns>The field. Params are texts: <c>"10"</c> comes before <c>"9"</c>.</returns>
    public static TextField Param(string key) => new(Keyed(SearchEntity.Param, key));

    /// <summary>A tag.</summary>
    /// <param name="key">The tag's key.</param>
    /// <returns>The field.</returns>
    public static TextField Tag(string key) => new(Keyed(SearchEntity.Tag, key));

    private static SearchField Keyed(SearchEntity entity, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new SearchField(entity, key);
    }
}
