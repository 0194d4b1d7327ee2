using System.Globalization;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking;

/// <summary>Puts runs that have been read side by side.</summary>
internal sealed class RunComparer(IReadOnlyList<RunDetails> runs, CompareOptions options)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <param name="experiments">The name of each run's experiment.</param>
    /// <param name="artifacts">The artifacts of each run; null when they are not to be compared.</param>
    public RunComparison Compare(IReadOnlyList<string> experiments, IReadOnlyList<IReadOnlyList<ArtifactFile>>? artifacts) => new()
    {
        Runs = runs,
        Overview =
        [
            Row("id", runs.Select(run => new ComparisonCell(run.Info.Id.Value))),
            Row("experiment", experiments.Select(name => new ComparisonCell(name))),
            Row("status", runs.Select(run => new ComparisonCell(run.Info.Status.ToString()))),
            Row("started", runs.Select(run => new ComparisonCell(Text(run.Info.StartedAt)))),
            Row("duration", runs.Select(run => Duration(run.Info))),
        ],
        Metrics = [.. Rows(runs.Select(run => run.Metrics), Metric).Select(Marked)],
        Params = [.. Rows(runs.Select(run => run.Params), value => new ComparisonCell(value)).Where(row => row.Differs || !options.OnlyDifferentParams)],
        Tags = [.. Rows(runs.Select(run => run.Tags), value => new ComparisonCell(value)).Where(row => row.Differs && (options.ReservedTags || !IsReserved(row.Key)))],
        Datasets = [.. Rows(runs.Select(run => Uses(run.Datasets)), value => new ComparisonCell(value)).Where(row => row.Differs)],
        Artifacts = artifacts is null ? null : [.. Rows(artifacts.Select(files => files.ToDictionary(file => file.Path.Value, StringComparer.Ordinal)), Artifact).Where(IsOtherFile)],
    };

    private static bool IsReserved(string key) => key.StartsWith("mlflow.", StringComparison.Ordinal) || key.StartsWith("mlops.", StringComparison.Ordinal);

    private static ComparisonCell? Duration(RunInfo run)
    {
        if (run.EndedAt is not { } end)
            return null;
        TimeSpan duration = end - run.StartedAt;
        return new ComparisonCell(duration.ToString(duration.Days == 0 ? @"hh\:mm\:ss\.fff" : @"d\.hh\:mm\:ss\.fff", CultureInfo.InvariantCulture)) { Number = duration.TotalSeconds };
    }

    private static ComparisonCell Metric(MetricPoint point) => new(point.Value.ToString("R", CultureInfo.InvariantCulture)) { Number = point.Value };

    private static ComparisonCell Artifact(ArtifactFile file) =>
        new(file.Sha256 ?? string.Create(CultureInfo.InvariantCulture, $"{file.SizeBytes} bytes, unverified")) { Number = file.SizeBytes, IsUnverified = file.Sha256 is null };

    private static Dictionary<string, string> Uses(IReadOnlyList<DatasetInput> datasets) => datasets
        .GroupBy(dataset => dataset.Name, StringComparer.Ordinal)
        .ToDictionary(
            uses => uses.Key,
            uses => string.Join(", ", uses.Select(use => use.Role is null ? use.Digest : $"{use.Digest} ({use.Role})").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)),
            StringComparer.Ordinal);

    private static IEnumerable<ComparisonRow> Rows<T>(IEnumerable<IReadOnlyDictionary<string, T>> runs, Func<T, ComparisonCell> cell)
    {
        IReadOnlyDictionary<string, T>[] all = [.. runs];
        return all.SelectMany(run => run.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(key => Row(key, all.Select(run => run.TryGetValue(key, out T? value) ? cell(value) : null)));
    }

    private static ComparisonRow Row(string key, IEnumerable<ComparisonCell?> values)
    {
        ComparisonCell?[] cells = [.. values];
        return new ComparisonRow(key, cells, Differs: cells.Distinct().Skip(1).Any());
    }

    /// <summary>Whether one of the files is missing or another than the others: by size, and by hash where two are known.</summary>
    private static bool IsOtherFile(ComparisonRow files) =>
        files.Cells.Contains(null)
        || files.Cells.Select(file => file!.Number).Distinct().Skip(1).Any()
        || files.Cells.Where(file => !file!.IsUnverified).Select(file => file!.Text).Distinct(StringComparer.Ordinal).Skip(1).Any();

    private ComparisonRow Marked(ComparisonRow metric)
    {
        MetricDirection direction = options.Directions.TryGetValue(metric.Key, out MetricDirection known) ? known : MetricNames.DirectionOf(metric.Key);
        double[] numbers = [.. metric.Cells.Select(cell => cell?.Number ?? double.NaN).Where(number => !double.IsNaN(number))];
        if (direction == MetricDirection.Unknown || numbers.Length == 0)
            return metric;
        double best = direction == MetricDirection.Lower ? numbers.Min() : numbers.Max();
        return metric with { Cells = [.. metric.Cells.Select(cell => cell?.Number == best ? cell with { IsBest = true } : cell)] };
    }
}
