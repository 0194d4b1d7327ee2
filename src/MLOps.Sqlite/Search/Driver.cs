namespace MLOps.Sqlite.Search;

/// <summary>Where a search begins: the rows that its outermost loop goes through.</summary>
/// <param name="From">The table and its index.</param>
/// <param name="Range">The conditions that the index answers.</param>
/// <param name="Run">The number of the run that a row leads to.</param>
internal sealed record Driver(Sql From, Sql Range, Sql Run)
{
    /// <summary>How many rows it goes through, at a guess.</summary>
    public double Rows { get; set; }

    /// <summary>The field whose rows they are, in the order of its values; null when they are others.</summary>
    public KeyedField? Field { get; init; }

    /// <summary>Whether the rows are in the order of the runs' start.</summary>
    public bool FollowsStart { get; init; }

    /// <summary>Whether its rows are those of table run, under the alias r.</summary>
    public bool IsRun { get; init; }
}
