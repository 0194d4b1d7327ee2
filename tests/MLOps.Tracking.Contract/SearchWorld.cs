using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Contract;

/// <summary>Runs and questions by chance: few keys and few values, so that questions find something and much is equal; and all that is hard to order or compare.</summary>
internal sealed class SearchWorld(Random random, bool nonFinite)
{
    private static readonly string[] s_metrics = ["m", "n", "val/loss"];
    private static readonly string[] s_params = ["p", "q", "m"];
    private static readonly string[] s_tags = ["t", "p", "mlflow.runName", "mlflow.parentRunId"];
    private static readonly string[] s_texts =
    [
        "", "a", "A", "ab", "aB", "b", "a%b", "a_b", "10", "9", "é", "É", "e\u0301", "ß", "\uD7FF", "\uE000", "\uFFFD", "\uFFFF", "😀", "😀a", "z", "z\uDBFF\uDFFF", "[a]", "a*", "it's", "say \"x\"", "a\0b", " a",
    ];

    private static readonly string[] s_words = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", "running", "F%", "%ED"];
    private static readonly double[] s_finite = [0, -0.0, 1, 1, 2, -1, 0.1, double.Epsilon, double.MaxValue, double.MinValue, 1L << 53, (1L << 53) + 2];
    private static readonly double[] s_special = [double.NaN, double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    public const int Runs = 60;
    public const long FirstStartMs = 1_000_000;

    public static string[] Experiments { get; } = ["Default", "churn", "fraud", "Churn"];

    public IReadOnlyList<RunId> Ids { get; } = [.. Enumerable.Range(0, Runs).Select(i => new RunId($"{(char)((i % 2 == 0 ? 'a' : 'A') + i / 2 % 26)}{i % 7}-{i}"))];

    /// <summary>The start of a run and all that is logged to it.</summary>
    public TrackingRecord[] Records(int run)
    {
        RunId id = Ids[run];
        List<TrackingRecord> records =
        [
            new TrackingRecord.RunStarted(id, FirstStartMs + random.Next(8))
            {
                ExperimentName = Pick(Experiments),
                Name = Pick(s_texts),
                User = Pick("", "ada", "Ada", "é"),
                ArtifactLocation = Pick("file:///x", "s3://y", "S3://y"),
                Parent = run > 0 && random.Next(3) == 0 ? Ids[random.Next(Math.Min(run, 4))] : null,
                Status = random.Next(6) == 0 ? RunStatus.Scheduled : RunStatus.Running,
            },
        ];
        foreach (string key in s_metrics)
        {
            for (int points = random.Next(3); points > 0; points--)
                records.Add(new TrackingRecord.PointsLogged(id, key, new MetricPoint[] { new(random.Next(3), FirstStartMs + random.Next(20), AnyNumber()) }));
        }

        records.AddRange(from key in s_params where random.Next(3) > 0 select new TrackingRecord.ParamLogged(id, key, Pick(s_texts)));
        records.AddRange(from key in s_tags[..2] where random.Next(3) > 0 select new TrackingRecord.TagSet(id, key, Pick(s_texts)));
        for (int datasets = random.Next(4); datasets > 0; datasets--)
            records.Add(new TrackingRecord.DatasetUsed(id, new DatasetInput { Name = Pick("train", "Train", "test", "é"), Digest = Pick("d1", "d2"), Role = Pick(null, "training", "") }));
        if (random.Next(2) == 0)
            records.Add(new TrackingRecord.RunUpdated(id) { Status = Pick(RunStatus.Finished, RunStatus.Failed, RunStatus.Killed), EndedAtMs = FirstStartMs + 10 + random.Next(4) });
        return [.. records];
    }

    public RunQuery Query(IReadOnlyList<ExperimentId> experiments) => new()
    {
        Experiments = random.Next(6) == 0 ? Some(experiments) : null,
        ExperimentNames = random.Next(6) == 0 ? Some([.. Experiments, "unknown"]) : null,
        Parent = random.Next(10) == 0 ? Ids[random.Next(4)] : null,
        Lifecycle = Pick<Lifecycle?>(Lifecycle.Active, Lifecycle.Active, Lifecycle.Deleted, null, null),
        Filter = new SearchFilter([.. Enumerable.Range(0, random.Next(4) is 0 ? 0 : random.Next(1, 4)).Select(_ => AnyComparison())]),
        OrderBy = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new OrderKey(AnySortable(), random.Next(2) == 0)).DistinctBy(key => key.Field)],
        Fields = random.Next(3) > 0 ? RunFields.All : random.Next(3) == 0 ? RunFields.None : new RunFields
        {
            Metrics = random.Next(2) == 0 ? null : Some(s_metrics),
            Params = random.Next(2) == 0 ? null : Some(s_params),
            Tags = random.Next(2) == 0 ? null : Some(s_tags),
            Datasets = random.Next(2) == 0,
        },
    };

    private Comparison AnyComparison()
    {
        switch (random.Next(10))
        {
            case < 3:
                return new Comparison(RunField.Metric(Pick([.. s_metrics, "unknown"])).Field, AnyOfNumbers(), new SearchValue.Number(AnyComparable()));
            case < 4:
                return new Comparison(Pick(RunField.StartedAt, RunField.EndedAt).Field, AnyOfNumbers(), new SearchValue.Number(random.Next(6) == 0 ? AnyComparable() : FirstStartMs + random.Next(20) + random.Next(2) * 0.5));
            case < 7:
                SearchField keyed = (random.Next(2) == 0 ? RunField.Param(Pick([.. s_params, "unknown"])) : RunField.Tag(Pick([.. s_tags, "unknown"]))).Field;
                return random.Next(4) == 0
                    ? new Comparison(keyed, Pick(Comparator.IsNull, Comparator.IsNotNull), Value: null)
                    : Compared(keyed, s_texts);
            case < 9:
                (TextField attribute, string[] values) = Pick<(TextField, string[])>(
                    (RunField.Id, [Ids[random.Next(Runs)].Value, Ids[0].Value, "a%", "A_-%"]), (RunField.Name, s_texts), (RunField.Status, s_words), (RunField.Status, s_words),
                    (RunField.User, ["", "ada", "Ada", "é"]), (RunField.ArtifactLocation, ["file:///x", "s3://y", "s3%"]));
                return ComparedOrListed(attribute.Field, values);
            default:
                (TextField property, string[] known) = Pick<(TextField, string[])>((RunField.DatasetName, ["train", "Train", "test", "é"]), (RunField.DatasetDigest, ["d1", "d2"]), (RunField.DatasetRole, ["", "training"]));
                return ComparedOrListed(property.Field, known);
        }
    }

    private Comparison ComparedOrListed(SearchField field, string[] values) => random.Next(3) == 0
        ? new Comparison(field, Pick(Comparator.In, Comparator.NotIn), new SearchValue.TextList([Pick(values), .. Some(values)]))
        : Compared(field, values);

    private Comparison Compared(SearchField field, string[] values)
    {
        Comparator comparator = Pick(Comparator.Equal, Comparator.NotEqual, Comparator.Like, Comparator.ILike);
        return new Comparison(field, comparator, new SearchValue.Text(comparator is Comparator.Equal or Comparator.NotEqual ? Pick(values) : AnyPattern(values)));
    }

    private string AnyPattern(string[] values) => random.Next(4) switch
    {
        0 => $"{Pick(values)}%",
        1 => $"%{Pick(values)}",
        2 => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Pick("%", "_", "a", "B", "é", "😀", Pick(values)))),
        _ => Pick(values),
    };

    private SearchField AnySortable() => random.Next(4) switch
    {
        0 => RunField.Metric(Pick([.. s_metrics, "unknown"])).Field,
        1 => RunField.Param(Pick(s_params)).Field,
        2 => RunField.Tag(Pick([.. s_tags, "unknown"])).Field,
        _ => Pick(RunField.Id.Field, RunField.Name.Field, RunField.Status.Field, RunField.User.Field, RunField.ArtifactLocation.Field, RunField.StartedAt.Field, RunField.EndedAt.Field),
    };

    private Comparator AnyOfNumbers() => (Comparator)random.Next((int)Comparator.Equal, (int)Comparator.LessOrEqual + 1);

    private double AnyNumber() => nonFinite && random.Next(3) == 0 ? Pick(s_special) : Pick(s_finite);

    private double AnyComparable()
    {
        double number = AnyNumber();
        return double.IsNaN(number) ? 0.5 : number;
    }

    private T Pick<T>(params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    private T[] Some<T>(IReadOnlyList<T> values)
    {
        T[] all = [.. values];
        random.Shuffle(all);
        return all[..random.Next(all.Length + 1)];
    }
}
