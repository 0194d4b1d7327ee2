using MLOps.Sqlite.Metrics;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Checks;

/// <summary>A series under check: what its row says, and what its points have said so far.</summary>
internal sealed class CheckedSeries(long number, string? key, RunId? run, List<StoreFinding> findings)
{
    private SeriesSummary? _found;
    private bool _isWhole = true;

    public long Number => number;

    public RunId? Run => run;

    public required bool IsPurging { get; init; }

    /// <summary>Whether it tells of a logged model, and the run is only who logged it.</summary>
    public required bool IsOfModel { get; init; }

    public required string? Model { get; init; }

    public required long TailCount { get; init; }

    public required SeriesSummary Summary { get; init; }

    public long FoundInTail { get; set; }

    public void Include(ReadOnlySpan<MetricPoint> sorted)
    {
        if (_found is { } found)
        {
            found.Include(sorted);
            _found = found;
        }
        else
        {
            _found = SeriesSummary.Of(sorted);
        }
    }

    /// <summary>Tells of points that cannot be read; nothing can be said then of the summary.</summary>
    public void Lose(string what)
    {
        _isWhole = false;
        Add(StoreFindingKind.Points, what);
    }

    public void CompareSummary()
    {
        if (!_isWhole)
            return;
        List<string> wrong = [];
        if (FoundInTail != TailCount)
            wrong.Add("the size of its open tail");
        if (_found is not { } found)
        {
            Add(StoreFindingKind.Summary, "has no points.");
            return;
        }

        if (found.Latest != Summary.Latest)
            wrong.Add("its latest point");
        if (found.First != Summary.First)
            wrong.Add("its first point");
        if (found.Last != Summary.Last)
            wrong.Add("its last point");
        if (!found.Min.Equals(Summary.Min))
            wrong.Add("its smallest value");
        if (!found.Max.Equals(Summary.Max))
            wrong.Add("its largest value");
        if (found.NewestMs != Summary.NewestMs)
            wrong.Add("its newest time");
        if (wrong.Count > 0)
            Add(StoreFindingKind.Summary, $"contradicts what is kept beside its points: {string.Join(", ", wrong)}.");
    }

    public void Add(StoreFindingKind kind, string what) =>
        findings.Add(new StoreFinding(kind, $"Metric '{key ?? "?"}' of {(IsOfModel ? $"logged model '{Model ?? "?"}' by " : "")}run '{run?.Value ?? "?"}' (series {number}) {what} Restore a backup; other series are not affected.") { RunId = run, Key = key });
}
