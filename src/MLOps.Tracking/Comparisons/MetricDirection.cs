namespace MLOps.Tracking;

/// <summary>Which values of a metric are better.</summary>
public enum MetricDirection
{
    /// <summary>Not known, or no matter of better and worse, such as a learning rate.</summary>
    Unknown,

    /// <summary>The higher the better, such as an accuracy.</summary>
    Higher,

    /// <summary>The lower the better, such as a loss.</summary>
    Lower,
}
