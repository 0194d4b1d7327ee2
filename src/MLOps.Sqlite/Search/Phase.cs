namespace MLOps.Sqlite.Search;

/// <summary>A stretch of an answer: what runs have for the first order key when that is a metric, param or tag. Each stretch is a query of its own, so that the first can follow an index.</summary>
internal enum Phase
{
    /// <summary>The first order key is none of these: the answer is one stretch.</summary>
    Whole,

    /// <summary>Runs that have a number or a text, in its order.</summary>
    Value,

    /// <summary>Runs whose metric is NaN.</summary>
    NaN,

    /// <summary>Runs that lack it.</summary>
    Missing,
}
