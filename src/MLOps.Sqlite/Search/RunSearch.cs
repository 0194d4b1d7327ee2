using MLOps.Sqlite.Connections;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>Finds runs. Begins with the rows that are likely to be the fewest: those of the rarest condition, which are then sorted, or those of the order itself, which is left when the page is full.</summary>
internal sealed class RunSearch(Session session)
{
    /// <summary>How far rows are counted to choose between ways to begin. Counting costs some 30 ns a row, looking at a run and its other fields some µs.</summary>
    private const int MostCounted = 10_000;

    /// <summary>Told of each statement before it is run; for tests that look at plans.</summary>
    internal Action<Sql>? Watch { get; set; }

    private Statement FindLastRun => field ??= session.Connection.Prepare("SELECT max(id) FROM run");

    public Page<RunDetails> Find(RunQuery query, PageRequest page, long nowMs, CancellationToken cancellationToken)
    {
        session.TextTests.Clear();
        RunQuestion question = new(query, session, nowMs);
        OrderValue[]? place = page.Token is null ? null : [.. PageToken.Read(query.Canonical, page.Token, query.FullOrder, SearchVocabulary.Runs)];
        List<(long Run, OrderValue[] Place)> found = [];
        foreach (Phase phase in PhasesOf(question))
        {
            if (found.Count > page.Size)
                break;
            cancellationToken.ThrowIfCancellationRequested();
            if (Translate(question, phase, place, page.Size + 1 - found.Count) is { } sql)
                Read(question, sql, found);
        }

        return new Page<RunDetails>(
            [.. found.Take(page.Size).Select(run => Read(run.Run, query.Fields, nowMs, cancellationToken))],
            found.Count > page.Size ? PageToken.Write(query.Canonical, found[page.Size - 1].Place) : null);
    }

    private RunDetails Read(long run, RunFields fields, long nowMs, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return session.RunReader.Read(run, fields, nowMs);
    }

    private static Phase[] PhasesOf(RunQuestion question) => question.LeadField switch
    {
        _ when question.IsImpossible => [],
        null => [Phase.Whole],
        { IsAbsent: true, IsRequired: true } => [],
        { IsAbsent: true } => [Phase.Missing],
        { IsRequired: true, MayBeNaN: false } => [Phase.Value],
        { IsRequired: true } => [Phase.Value, Phase.NaN],
        { IsMetric: true } => [Phase.Value, Phase.NaN, Phase.Missing],
        _ => [Phase.Value, Phase.Missing],
    };

    private void Read(RunQuestion question, Sql sql, List<(long Run, OrderValue[] Place)> found)
    {
        Watch?.Invoke(sql);
        using Statement select = sql.Prepare(session.Connection);
        while (select.Step())
        {
            int column = 1;
            OrderValue[] place = new OrderValue[question.Order.Count];
            for (int i = 0; i < place.Length; i++)
                place[i] = question.Order[i].Read(select, ref column);
            found.Add((select.Int64(0), place));
        }
    }

    /// <summary>The query of a stretch; null when the place that was asked for lies behind it.</summary>
    private Sql? Translate(RunQuestion question, Phase phase, OrderValue[]? place, int most)
    {
        KeyedField? lead = question.LeadField;
        ReadOnlySpan<SortKey> order = [.. question.Order];
        List<Sql> where = [.. question.Conditions];
        List<Sql> limits = LimitsOf(lead, phase);
        if (place is not null)
        {
            Phase from = phase == Phase.Whole ? Phase.Whole : place[0] switch { OrderValue.Missing => Phase.Missing, OrderValue.NaN => Phase.NaN, _ => Phase.Value };
            if (from > phase)
                return null;

            // In a stretch after the place's own everything comes after it; in NaN and Missing all are equal in the first key.
            if (from == phase)
            {
                Sql? after = phase is Phase.NaN or Phase.Missing ? SortKey.After(order[1..], place.AsSpan(1)) : SortKey.After(order, place);
                if (after is null)
                    return null;
                where.Add(after);
                if (phase == Phase.Value)
                    limits.Add(order[0].Bound(place[0]));
                else if (phase == Phase.Whole && question.IsByStart(phase) && place[0] is OrderValue.Number)
                    where.Add(order[0].Bound(place[0]));
            }
        }

        KeyedField[] required = [.. question.Fields.Where(field => field == lead ? phase is Phase.Value or Phase.NaN : field is { IsRequired: true, IsJoined: true })];
        Driver driver = Choose(question, phase, required, limits, most);
        List<Sql> joins = [];
        foreach (KeyedField field in required)
        {
            if (field == driver.Field)
                where.AddRange(field.Tests);
            else
                joins.Add(Sql.Of($"CROSS JOIN {field.LookUp} ON {Sql.All([field.PassesFor(driver.Run), .. field == lead ? limits : []])}"));
        }

        if (!driver.IsRun)
            joins.Add(Sql.Of($"CROSS JOIN run r ON r.id = {driver.Run}"));
        if (question.NeedsLease)
            joins.Add(Sql.Of("LEFT JOIN lease l ON l.run = r.id"));
        foreach (KeyedField field in question.Fields.Except(required).Where(field => field is { IsSorted: true, IsJoined: true }))
        {
            if (field == lead && phase == Phase.Missing && !field.IsAbsent)
                where.Add(field.IsMissing);

            // Only an order asks for it; a run that lacks it has NULL.
            joins.Add(Sql.Of($"LEFT JOIN {field.LookUp} ON {field.IsOf(Sql.Of("r.id"))}"));
        }

        IEnumerable<Sql> keys = phase switch
        {
            Phase.Value => [Sql.Of($"{order[0].Value} {Sql.Of(order[0].IsDescending ? "DESC" : "ASC")}"), .. question.Order.Skip(1).Select(key => key.Order)],
            Phase.Whole => question.Order.Select(key => key.Order),
            _ => question.Order.Skip(1).Select(key => key.Order),
        };
        return Sql.Of($"""
            SELECT r.id, {Sql.Join(", ", question.Order.Select(key => key.Columns))}
            FROM {driver.From} {Sql.Join(" ", joins)}
            WHERE {Sql.All([driver.Range, .. where])}
            ORDER BY {Sql.Join(", ", keys)} LIMIT {(long)most}
            """);
    }

    private static List<Sql> LimitsOf(KeyedField? lead, Phase phase) => phase switch
    {
        Phase.Value when lead!.IsMetric => [Sql.Of($"{lead.Value} IS NOT NULL")],
        Phase.NaN => [Sql.Of($"{lead!.Value} IS NULL")],
        _ => [],
    };

    // Says again, for the index, what the whole condition of the place implies.
    private Driver Choose(RunQuestion question, Phase phase, KeyedField[] required, List<Sql> limits, int most)
    {
        Driver whole = question.Base;
        List<Driver> ways = [.. question.Drivers];
        foreach (KeyedField field in required)
        {
            Sql range = Sql.All([field.Range(question.Experiment), .. field == question.LeadField ? limits : []]);
            ways.Add(new Driver(field.Walk(question.Experiment), range, field.Run) { Field = field });
        }

        if (ways.Count == 0)
            return whole;
        double runs = CountRuns();
        double scope = whole.Rows = question.Experiment is null ? runs : Count(whole, runs);
        double passing = 1;
        foreach (Driver way in ways)
        {
            way.Rows = Count(way, runs);
            passing *= Share(way);
        }

        return ways.Prepend(whole).MinBy(Cost)!;

        // Of its own experiment for metrics, whose index knows it; of all runs for the others.
        double Share(Driver way) => way == whole ? 1 : Math.Clamp(way.Rows / Math.Max(way.Field is { IsMetric: true } ? scope : runs, 1), 1e-9, 1);

        // A walk in order ends when enough runs have passed all other conditions; any other goes through all its rows.
        double Cost(Driver way) => IsOrdered(way) ? Math.Min(way.Rows, most * Share(way) / passing) : way.Rows;

        bool IsOrdered(Driver way) => way.Field is { } field ? field == question.LeadField && phase == Phase.Value : way.FollowsStart && question.IsByStart(phase);
    }

    private double CountRuns()
    {
        using Rows rows = FindLastRun.Query();
        rows.Next();
        return FindLastRun.Int64(0);
    }

    /// <summary>How many rows a way goes through. What is not counted to its end is taken for half of all runs.</summary>
    private double Count(Driver way, double runs)
    {
        Sql sql = Sql.Of($"SELECT count(*) FROM (SELECT 1 FROM {way.From} WHERE {way.Range} LIMIT {(long)MostCounted})");
        Watch?.Invoke(sql);
        using Statement count = sql.Prepare(session.Connection);
        count.Step();
        long rows = count.Int64(0);
        return rows < MostCounted ? rows : Math.Max(rows, runs / 2);
    }
}
