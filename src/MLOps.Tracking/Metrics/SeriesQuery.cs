namespace MLOps.Tracking;

/// <summary>Which series to read, and how much of them.</summary>
public sealed record SeriesQuery
{
    /// <summary>The smallest <see cref="MaxPoints"/>: 4, room for the first, the last, the smallest and the largest point.</summary>
    public const int SmallestMaxPoints = 4;

    /// <summary>The runs, at least one, each once.</summary>
    public required IReadOnlyList<RunId> Runs { get; init; }

    /// <summary>The keys of the metrics, at least one, each once.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>What <see cref="From"/> and <see cref="To"/> mean and how points are ordered. Default: by step.</summary>
    public SeriesAxis Axis { get; init; }

    /// <summary>Only points from this step, or millisecond since 1970-01-01 UTC, on; null begins at the first.</summary>
    public long? From { get; init; }

    /// <summary>Only points up to this step or millisecond, itself included; null goes to the last.</summary>
    public long? To { get; init; }

    /// <summary>The most points of each series, at least <see cref="SmallestMaxPoints"/>; null reads all. A longer series is reduced: see <see cref="MetricSeries"/>.</summary>
    public int? MaxPoints { get; init; }

    /// <summary>Checks the query, as every store does before it reads.</summary>
    /// <param name="parameterName">The argument to name in the exception.</param>
    /// <exception cref="ArgumentException">
    /// There is no run or key, or one twice; a key is null; <see cref="Axis"/> is no axis; <see cref="From"/> lies behind <see cref="To"/>; or <see cref="MaxPoints"/> is too small.
    /// </exception>
    public void Check(string parameterName = "query")
    {
        string? error = ListError(Runs, "run") ?? ListError(Keys, "key")
            ?? (Axis is SeriesAxis.Step or SeriesAxis.Time ? null : Say($"{(int)Axis} is no axis. Ask by step or by time."))
            ?? (From > To ? Say($"The range begins at {From}, behind its end at {To}. Exchange the two.") : null)
            ?? (MaxPoints < SmallestMaxPoints ? Say($"{MaxPoints} points are too few to reduce a series to. Ask for {SmallestMaxPoints} or more, or leave {nameof(MaxPoints)} out to read all.") : null);
        if (error is not null)
            throw new ArgumentException(error, parameterName);
    }

    private static string? ListError<T>(IReadOnlyList<T>? list, string what)
    {
        if (list is null || list.Count == 0)
            return $"The query names no {what}. Name at least one.";
        HashSet<T> seen = [];
        foreach (T item in list)
        {
            if (item is null)
                return $"A {what} of the query is null.";
            if (!seen.Add(item))
                return $"The query names {what} '{item}' twice. Name each once.";
        }

        return null;
    }

    private static string Say(FormattableString text) => FormattableString.Invariant(text);
}
