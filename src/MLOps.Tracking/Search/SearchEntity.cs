namespace MLOps.Tracking.Search;

/// <summary>What a field of a filter or an order belongs to.</summary>
public enum SearchEntity
{
    /// <summary>A fixed property of the thing itself: its name, status, start.</summary>
    Attribute,

    /// <summary>The latest value of a metric.</summary>
    Metric,

    /// <summary>A param.</summary>
    Param,

    /// <summary>A tag.</summary>
    Tag,

    /// <summary>A property of a dataset that a run used.</summary>
    Dataset,
}
