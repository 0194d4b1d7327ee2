namespace MLOps.Sqlite.Search;

/// <summary>Where a search begins: the rows that its outermost loop goes through.</summary>
/// <param name="From">The table and its index.</param>
/// <param name="Range">The conditions that the index answers.</param>
/// <param name="Run">The number of the run that a row leads to.</param>
/// <param name="Field">The field whose rows they are; null when they are runs or lead to runs otherwise.</param>
/// <param name="IsOrdered">Whether the rows come in the order that is asked for, so that the loop can end when the page is full.</param>
internal sealed record Driver(Sql From, Sql Range, Sql Run, KeyedField? Field, bool IsOrdered)
{
    /// <summary>How many rows it goes through; not more than were counted.</summary>
    public long Rows { get; set; }

    /// <summary>Whether its rows are those of table run, under the alias r.</summary>
    public bool IsRun { get; init; }
}
