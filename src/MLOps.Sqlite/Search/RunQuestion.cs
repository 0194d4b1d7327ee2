using System.Globalization;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Runs;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>A question about runs, translated: conditions, order, and the ways to begin. Aliases: r is the run, l its lease, f1, f2… the fields that have a key.</summary>
internal sealed class RunQuestion
{
    private static readonly (string Word, RunStatus Status)[] s_statuses =
    [
        ("RUNNING", RunStatus.Running), ("SCHEDULED", RunStatus.Scheduled), ("FINISHED", RunStatus.Finished), ("FAILED", RunStatus.Failed), ("KILLED", RunStatus.Killed),
    ];

    // Beside the run, its lease and what a way to begin needs.
    private const int MostJoined = 50;

    private static readonly Sql s_run = Sql.Of("r.id");

    private readonly KeyTable _keys;
    private readonly TextTests _tests;
    private readonly long _nowMs;
    private readonly Dictionary<SearchField, KeyedField> _fields = [];
    private readonly List<Sql> _conditions = [];
    private readonly int _startPlace;

    public RunQuestion(RunQuery query, Session session, long nowMs)
    {
        (_keys, _tests, _nowMs) = (session.Keys, session.TextTests, nowMs);
        IReadOnlyList<OrderKey> order = query.FullOrder;
        AddScope(query, session.Experiments);
        if (IsKeyed(order[0].Field))
            LeadField = FieldOf(order[0].Field);
        foreach (Comparison comparison in query.Filter.Comparisons)
            Add(comparison);
        _conditions.AddRange(_fields.Values.Where(field => field is { IsRequired: true, IsJoined: false }).Select(field => field.Passes));
        Order = [.. order.Select(SortKeyOf)];
        _startPlace = order.TakeWhile(key => key.Field != RunField.StartedAt.Field).Count();
    }

    /// <summary>The experiment, when there is only one to look in.</summary>
    public long? Experiment { get; private set; }

    public IReadOnlyList<SortKey> Order { get; }

    /// <summary>The field of the first order key, when it is a metric, param or tag.</summary>
    public KeyedField? LeadField { get; }

    /// <summary>Conditions on the run itself.</summary>
    public IReadOnlyList<Sql> Conditions => _conditions;

    public IReadOnlyCollection<KeyedField> Fields => _fields.Values;

    /// <summary>Whether status or end are asked for, which depend on the lease.</summary>
    public bool NeedsLease { get; private set; }

    /// <summary>Whether no run can be found: there is no experiment to look in, or no status lets one through.</summary>
    public bool IsImpossible { get; private set; }

    /// <summary>Ways to begin that attributes and datasets open, each with an index that answers it.</summary>
    public List<Driver> Drivers { get; } = [];

    /// <summary>The way to begin that is always there: all runs of the experiment, or all.</summary>
    public Driver Base =>
        Experiment is { } one
            ? new Driver(Sql.Of("run r INDEXED BY run_by_experiment"), Sql.Of($"r.experiment = {one}"), s_run) { IsRun = true, FollowsStart = true }
            : new Driver(Sql.Of("run r INDEXED BY run_by_start"), Sql.Of("1"), s_run) { IsRun = true, FollowsStart = true };

    /// <summary>Whether the runs of a stretch are in the order of their start: what comes before it in the order is alike for all.</summary>
    public bool IsByStart(Phase phase) => _startPlace == (phase is Phase.NaN or Phase.Missing ? 1 : 0);

    private void AddScope(RunQuery query, ExperimentTable experiments)
    {
        _conditions.Add(query.Lifecycle is { } lifecycle ? Sql.Of($"r.lifecycle = {(int)lifecycle}") : Sql.Of("r.lifecycle < 2"));
        HashSet<long>? scope = query.Experiments is null ? null : [.. query.Experiments.Select(ExperimentTable.Number).OfType<long>()];
        if (query.ExperimentNames is { } names)
        {
            HashSet<long> named = [.. names.Select(name => experiments.Find(name)).OfType<Experiment>().Select(experiment => ExperimentTable.Number(experiment.Id)!.Value)];
            scope = scope is null ? named : [.. scope.Intersect(named)];
        }

        IsImpossible = scope is { Count: 0 };
        if (scope is { Count: 1 })
            Experiment = scope.Single();

        if (Experiment is { } one)
        {
            _conditions.Add(Sql.Of($"r.experiment = {one}"));
        }
        else if (scope is not null)
        {
            // Numbers of our own making: safe to write into the text. The plus keeps SQLite from choosing between the two ways to begin.
            string numbers = string.Join(',', scope.Select(number => number.ToString(CultureInfo.InvariantCulture)));
            _conditions.Add(Sql.Of("+r.experiment IN (" + numbers + ")"));
            Drivers.Add(new Driver(Sql.Of("run r INDEXED BY run_by_experiment"), Sql.Of("r.experiment IN (" + numbers + ")"), s_run) { IsRun = true });
        }

        if (query.Parent is { } parent)
            AddWithDriver(Sql.Of($"r.parent = {parent.Value}"), "run_by_parent");
    }

    private void Add(Comparison comparison)
    {
        switch (comparison.Field)
        {
            case var keyed when IsKeyed(keyed):
                KeyedField field = FieldOf(keyed);
                field.Add(comparison, _tests);
                if (comparison.Comparator == Comparator.IsNull)
                    _conditions.Add(field.IsMissing);
                break;
            case { Entity: SearchEntity.Dataset }:
                AddDataset(comparison);
                break;
            case { Key: "status" }:
                AddStatus(comparison);
                break;
            case { Key: "start_time" }:
                AddWithDriver(Search.Conditions.OfNumber(comparison, AttributeOf("start_time")), comparison.Comparator == Comparator.NotEqual ? null : Experiment is null ? "run_by_start" : "run_by_experiment");
                break;
            case { Key: "end_time" }:
                _conditions.Add(Search.Conditions.OfNumber(comparison, AttributeOf("end_time")));
                break;
            case { Key: var attribute }:
                Sql text = AttributeOf(attribute);
                if (Search.Conditions.RangeOfText(comparison, text) is { } range && attribute is "run_id" or "run_name")
                    AddWithDriver(range, attribute == "run_id" ? "sqlite_autoindex_run_1" : "run_by_name");
                _conditions.Add(Search.Conditions.OfText(comparison, text, _tests));
                break;
        }
    }

    private void AddWithDriver(Sql condition, string? index)
    {
        _conditions.Add(condition);
        if (index is null)
            return;
        Sql range = index == "run_by_experiment" ? Sql.Of($"r.experiment = {Experiment!.Value} AND {condition}") : condition;
        Drivers.Add(new Driver(Sql.Of($"run r INDEXED BY {Sql.Of(index)}"), range, s_run) { IsRun = true, FollowsStart = index is "run_by_start" or "run_by_experiment" or "run_by_parent" });
    }

    private void AddStatus(Comparison comparison)
    {
        NeedsLease = true;
        RunStatus[] passing = [.. s_statuses.Where(status => comparison.IsMetBy(new OrderValue.Text(status.Word))).Select(status => status.Status)];
        IsImpossible |= passing.Length == 0;
        _conditions.Add(Sql.Of($"{StatusSql} IN ({Listed(passing)})"));

        // A run whose lease has run out is killed and stands as running.
        RunStatus[] standing = passing.Contains(RunStatus.Killed) && !passing.Contains(RunStatus.Running) ? [.. passing, RunStatus.Running] : passing;
        Drivers.Add(new Driver(Sql.Of("run r INDEXED BY run_by_status"), Sql.Of($"r.status IN ({Listed(standing)})"), s_run) { IsRun = true });
    }

    private void AddDataset(Comparison comparison)
    {
        Sql value = Sql.Of(comparison.Field.Key switch { "name" => "d.name", "digest" => "d.digest", _ => "i.role" });
        Sql condition = Search.Conditions.OfText(comparison, value, _tests);
        _conditions.Add(Sql.Of($"EXISTS (SELECT 1 FROM run_input i JOIN dataset d ON d.id = i.dataset WHERE i.run = r.id AND {condition})"));
        if (comparison.Field.Key != "context" && Search.Conditions.RangeOfText(comparison, value) is { } range)
        {
            Sql inputs = Sql.Of($"(SELECT DISTINCT i.run AS run FROM dataset d INDEXED BY {Sql.Of("dataset_by_" + comparison.Field.Key)} CROSS JOIN run_input i ON i.dataset = d.id WHERE {range}) x");
            Drivers.Add(new Driver(inputs, Sql.Of("1"), Sql.Of("x.run")));
        }
    }

    private SortKey SortKeyOf(OrderKey key)
    {
        if (!IsKeyed(key.Field))
            return new SortKey(AttributeOf(key.Field.Key), IsPresent: null, key.Field.Key is not ("start_time" or "end_time"), key.Descending) { IsNullable = key.Field.Key == "end_time" };
        KeyedField field = FieldOf(key.Field);
        field.IsSorted = true;
        return new SortKey(field.Value, field.IsMetric ? field.IsPresent : null, !field.IsMetric, key.Descending);
    }

    private static bool IsKeyed(SearchField field) => field.Entity is SearchEntity.Metric or SearchEntity.Param or SearchEntity.Tag;

    private KeyedField FieldOf(SearchField field)
    {
        if (!_fields.TryGetValue(field, out KeyedField? known))
            _fields.Add(field, known = new KeyedField(field, _keys.Find(field.Key) ?? -1, _fields.Count + 1, isJoined: _fields.Count < MostJoined));
        return known;
    }

    private Sql AttributeOf(string name)
    {
        NeedsLease |= name is "status" or "end_time";
        return name switch
        {
            "run_id" => Sql.Of("r.run_id"),
            "run_name" => Sql.Of("r.name"),
            "status" => Sql.Of($"CASE {StatusSql} {Sql.Join(" ", s_statuses.Select(status => Sql.Of($"WHEN {(int)status.Status} THEN {status.Word}")))} END"),
            "artifact_uri" => Sql.Of("r.artifact_location"),
            "user_id" => Sql.Of("r.user"),
            "start_time" => Sql.Of("r.started_ms"),
            "end_time" => EndSql,
            _ => throw new InvalidOperationException($"There is no '{name}' here; the vocabulary's check comes first."),
        };
    }

    private Sql RanOut => Sql.Of($"(r.status = {(int)RunStatus.Running} AND ifnull(l.expires_ms <= {_nowMs}, 0))");

    private Sql StatusSql => Sql.Of($"(CASE WHEN {RanOut} THEN {(int)RunStatus.Killed} ELSE r.status END)");

    // LeaseTable.EndOfKilled in SQL.
    private Sql EndSql => Sql.Of($"""
        (CASE WHEN {RanOut} THEN max(r.started_ms, min({_nowMs}, max(r.newest_ms, ifnull(l.renewed_ms, 0), ifnull((SELECT max(s.newest_ms) FROM series s WHERE s.owner_kind = 0 AND s.owner = r.id), 0))))
            ELSE r.ended_ms END)
        """);

    private static Sql Listed(RunStatus[] statuses) => Sql.Join(", ", statuses.Select(status => Sql.Of($"{(int)status}")));
}
