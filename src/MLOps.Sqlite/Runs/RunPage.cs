namespace MLOps.Sqlite.Runs;

/// <summary>Some of the runs that a query finds, and where the next ones begin.</summary>
internal sealed record RunPage(List<RunDetails> Runs, RunPage.Place? Next)
{
    /// <summary>The place of a run in the order of newest start, then id.</summary>
    internal readonly record struct Place(long StartedAtMs, string RunId);
}
