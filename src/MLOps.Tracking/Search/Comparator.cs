namespace MLOps.Tracking.Search;

/// <summary>How a comparison relates a field to a value. A field that a run does not have meets <see cref="IsNull"/> and nothing else, not even <see cref="NotEqual"/>.</summary>
public enum Comparator
{
    /// <summary><c>=</c>: equal; text by ordinal.</summary>
    Equal,

    /// <summary><c>!=</c>: present, and not equal. NaN is not equal to any number.</summary>
    NotEqual,

    /// <summary><c>&gt;</c>; NaN is not greater than anything.</summary>
    Greater,

    /// <summary><c>&gt;=</c>.</summary>
    GreaterOrEqual,

    /// <summary><c>&lt;</c>; NaN is not less than anything.</summary>
    Less,

    /// <summary><c>&lt;=</c>.</summary>
    LessOrEqual,

    /// <summary><c>LIKE</c>: <c>%</c> stands for any characters, <c>_</c> for one; case counts.</summary>
    Like,

    /// <summary><c>ILIKE</c>: as <see cref="Like"/>, without regard to case.</summary>
    ILike,

    /// <summary><c>IN (…)</c>: equal to one of the texts.</summary>
    In,

    /// <summary><c>NOT IN (…)</c>: present, and equal to none of the texts.</summary>
    NotIn,

    /// <summary><c>IS NULL</c>: the run has no such param or tag.</summary>
    IsNull,

    /// <summary><c>IS NOT NULL</c>: the run has such a param or tag.</summary>
    IsNotNull,
}
