namespace MLOps.Tracking.Search;

/// <summary>What kind of mistake a filter or an order has, for programs.</summary>
public enum SearchMistake
{
    /// <summary>The filter does not follow the grammar.</summary>
    Filter = 0,

    /// <summary>The order key does not follow the grammar.</summary>
    OrderKey = 1,

    /// <summary>The attribute does not exist, or is not for filters or for orders.</summary>
    Attribute = 2,

    /// <summary>A number is compared with something else.</summary>
    NotANumber = 3,
}
