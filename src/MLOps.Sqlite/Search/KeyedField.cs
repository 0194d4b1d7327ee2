using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>A metric, param or tag of runs that a question speaks of: the rows of one key in one table, under an alias of their own.</summary>
/// <param name="searched">The field.</param>
/// <param name="key">The key's number; −1 when no run has it.</param>
/// <param name="alias">The number of the alias.</param>
/// <param name="isJoined">Whether the table is joined to the run; else each use looks the row up. SQLite joins no more than 64 tables.</param>
internal sealed class KeyedField(SearchField searched, long key, int alias, bool isJoined)
{
    private static readonly Sql s_run = Sql.Of("r.id");

    private readonly List<Sql> _ranges = [];
    private readonly List<Sql> _tests = [];

    public bool IsMetric => searched.Entity == SearchEntity.Metric;

    public bool IsJoined => isJoined;

    /// <summary>The latest value of a metric, NULL when that is NaN; or the text.</summary>
    public Sql Value => isJoined ? RowValue : Sql.Of($"(SELECT {RowValue} FROM {LookUp} WHERE {IsOf(s_run)})");

    /// <summary>Whether the run has it.</summary>
    public Sql IsPresent => isJoined ? Sql.Of($"({Run} IS NOT NULL)") : Sql.Of($"EXISTS (SELECT 1 FROM {LookUp} WHERE {IsOf(s_run)})");

    /// <summary>The number of the run, in a row that is joined.</summary>
    public Sql Run { get; } = Sql.Of(searched.Entity == SearchEntity.Metric ? $"f{alias}.owner" : $"f{alias}.run");

    /// <summary>Whether a filter asks for runs that have it.</summary>
    public bool IsRequired { get; private set; }

    /// <summary>Whether a filter asks for runs that lack it.</summary>
    public bool IsAbsent { get; private set; }

    /// <summary>Whether an order asks for it.</summary>
    public bool IsSorted { get; set; }

    /// <summary>Whether the filter lets NaN through.</summary>
    public bool MayBeNaN { get; private set; } = searched.Entity == SearchEntity.Metric;

    public void Add(Comparison comparison, TextTests tests)
    {
        IsAbsent |= comparison.Comparator == Comparator.IsNull;
        IsRequired |= comparison.Comparator != Comparator.IsNull;
        if (comparison.Comparator is Comparator.IsNull or Comparator.IsNotNull)
            return;
        if (!IsMetric)
        {
            if (Conditions.RangeOfText(comparison, RowValue) is { } range)
                _ranges.Add(range);
            if (comparison.Comparator != Comparator.Equal)
                _tests.Add(Conditions.OfText(comparison, RowValue, tests));
        }
        else if (comparison.Comparator == Comparator.NotEqual)
        {
            _tests.Add(Sql.Of($"({RowValue} IS NULL OR {Conditions.OfNumber(comparison, RowValue)})"));
        }
        else
        {
            _ranges.Add(Conditions.OfNumber(comparison, RowValue));
            MayBeNaN = false;
        }
    }

    /// <summary>The table, to look up the row of a run.</summary>
    public Sql LookUp => Sql.Of($"{Table} f{alias} {Sql.Of(IsMetric ? "INDEXED BY series_by_owner" : "")}");

    /// <summary>The table, to go through its rows in the order of their values.</summary>
    public Sql Walk(long? experiment) =>
        Sql.Of($"{Table} f{alias} INDEXED BY {Sql.Of(!IsMetric ? searched.Entity == SearchEntity.Param ? "param_by_value" : "tag_by_value" : experiment is null ? "series_by_latest" : "series_by_experiment_latest")}");

    /// <summary>The conditions that an index on key and value answers.</summary>
    public Sql Range(long? experiment) =>
        Sql.All([Key, .. IsMetric && experiment is { } one ? [Sql.Of($"f{alias}.experiment = {one}")] : Array.Empty<Sql>(), .. _ranges]);

    /// <summary>The conditions that are left beside <see cref="Range"/>.</summary>
    public IReadOnlyList<Sql> Tests => _tests;

    /// <summary>The condition that the row is this run's.</summary>
    public Sql IsOf(Sql run) => Sql.Of($"{Run} = {run} AND {Key}");

    /// <summary>The condition that the row is this run's and the filter lets it through.</summary>
    public Sql PassesFor(Sql run) => Sql.All([IsOf(run), .. _ranges, .. _tests]);

    /// <summary>The condition that the run of the search has it and the filter lets it through, without a join.</summary>
    public Sql Passes => Sql.Of($"EXISTS (SELECT 1 FROM {LookUp} WHERE {PassesFor(s_run)})");

    /// <summary>The condition that the run of the search lacks it.</summary>
    public Sql IsMissing => Sql.Of($"NOT EXISTS (SELECT 1 FROM {LookUp} WHERE {IsOf(s_run)})");

    private Sql RowValue { get; } = Sql.Of(searched.Entity == SearchEntity.Metric ? $"f{alias}.latest_value" : $"f{alias}.value");

    private Sql Table => Sql.Of(searched.Entity switch { SearchEntity.Metric => "series", SearchEntity.Param => "param", _ => "tag" });

    private Sql Key => IsMetric ? Sql.Of($"f{alias}.owner_kind = 0 AND f{alias}.key = {key}") : Sql.Of($"f{alias}.key = {key}");
}
