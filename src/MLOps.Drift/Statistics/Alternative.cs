namespace MLOps.Drift.Statistics;

/// <summary>Which differences count as extreme.</summary>
public enum Alternative
{
    /// <summary>Those in either direction.</summary>
    TwoSided,

    /// <summary>Those in which the reference is the greater one, by the meaning that the method documents.</summary>
    Greater,

    /// <summary>Those in which the reference is the lesser one, by the meaning that the method documents.</summary>
    Less,
}
