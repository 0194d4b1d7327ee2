using System.Text.Json;
using FsCheck;
using FsCheck.Xunit;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking.Tests.Comparisons;

public sealed class RunComparisonTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Hash = new('a', 64), OtherHash = new('b', 64);

    [Fact]
    public void Runs_stand_side_by_side_as_text() => Assert.Equal(
        """
        run            brave-otter                               calm|lynx                       鯨 クジラ
        id             run-a                                     run-b                           run-c
        experiment     churn                                     churn                           churn
        status         Finished                                  Failed                          Running
        started        2026-01-01T12:00:00.000Z                  2026-01-01T12:00:00.000Z        2026-01-01T12:00:00.000Z
        duration       00:01:02.500                              1.02:00:00.000                  —

        metrics
          epoch        10                                        10                              7
          loss         NaN                                       0.25 *                          0.25 *
          val/acc      0.5                                       0.75 *                          —

        params
          layers       3                                         3                               3
          note         line one\nline "two"                      —                               =a | b, *c* <d> _e_ f_g
          text         xxxxxxxxxxxxxxxxxxxxyyyyyyyyyyyyyyyyyyy…                                  é\u001B[31m

        tags
          team         blue                                      red                             red

        datasets
          train        abc (training)                            abc (training)                  abc (validation), def

        artifacts
          model.onnx   aaaaaaaaaaaaaaaaaaaaaaaaaaaaa…            bbbbbbbbbbbbbbbbbbbbbbbbbbbbb…  bbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
          weights.bin  4 bytes, unverified                       5 bytes, unverified             —

        * best

        """,
        Sample().ToString());

    [Fact]
    public void Runs_stand_side_by_side_in_Markdown() => Assert.Equal(
        """
        | run | brave-otter | calm\|lynx | 鯨 クジラ |
        | --- | --- | --- | --- |
        | id | run-a | run-b | run-c |
        | experiment | churn | churn | churn |
        | status | Finished | Failed | Running |
        | started | 2026-01-01T12:00:00.000Z | 2026-01-01T12:00:00.000Z | 2026-01-01T12:00:00.000Z |
        | duration | 00:01:02.500 | 1.02:00:00.000 | — |
        | **metrics** |  |  |  |
        | epoch | 10 | 10 | 7 |
        | loss | NaN | **0.25** | **0.25** |
        | val/acc | 0.5 | **0.75** | — |
        | **params** |  |  |  |
        | layers | 3 | 3 | 3 |
        | note | line one<br>line "two" | — | =a \| b, \*c\* &lt;d&gt; \_e\_ f_g |
        | text | xxxxxxxxxxxxxxxxxxxxyyyyyyyyyyyyyyyyyyy… |  | é \[31m |
        | **tags** |  |  |  |
        | team | blue | red | red |
        | **datasets** |  |  |  |
        | train | abc (training) | abc (training) | abc (validation), def |
        | **artifacts** |  |  |  |
        | model.onnx | aaaaaaaaaaaaaaaaaaaaaaaaaaaaa… | bbbbbbbbbbbbbbbbbbbbbbbbbbbbb… | bbbbbbbbbbbbbbbbbbbbbbbbbbbbb… |
        | weights.bin | 4 bytes, unverified | 5 bytes, unverified | — |

        """,
        Sample().ToMarkdown());

    [Fact]
    public void Runs_stand_side_by_side_as_comma_separated_values() => Assert.Equal(
        """"
        section,key,run-a,run-b,run-c,best¶
        run,name,brave-otter,calm|lynx,鯨 クジラ,¶
        run,id,run-a,run-b,run-c,¶
        run,experiment,churn,churn,churn,¶
        run,status,Finished,Failed,Running,¶
        run,started,2026-01-01T12:00:00.000Z,2026-01-01T12:00:00.000Z,2026-01-01T12:00:00.000Z,¶
        run,duration,00:01:02.500,1.02:00:00.000,,¶
        metrics,epoch,10,10,7,¶
        metrics,loss,NaN,0.25,0.25,run-b run-c¶
        metrics,val/acc,0.5,0.75,,run-b¶
        params,layers,3,3,3,¶
        params,note,"line one
        line ""two""",,"=a | b, *c* <d> _e_ f_g",¶
        params,text,xxxxxxxxxxxxxxxxxxxxyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy,"",é␛[31m,¶
        tags,team,blue,red,red,¶
        datasets,train,abc (training),abc (training),"abc (validation), def",¶
        artifacts,model.onnx,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,¶
        artifacts,weights.bin,"4 bytes, unverified","5 bytes, unverified",,¶

        """",
        Sample().ToCsv().Replace("\r\n", "¶\n", StringComparison.Ordinal).Replace('\u001b', '␛'));

    [Fact]
    public void Runs_stand_side_by_side_as_JSON() => Assert.Equal(
        """
        {
          "runs": [
            {
              "id": "run-a",
              "name": "brave-otter",
              "experiment": "churn",
              "status": "Finished",
              "started": "2026-01-01T12:00:00.000Z",
              "duration_seconds": 62.5
            },
            {
              "id": "run-b",
              "name": "calm|lynx",
              "experiment": "churn",
              "status": "Failed",
              "started": "2026-01-01T12:00:00.000Z",
              "duration_seconds": 93600
            },
            {
              "id": "run-c",
              "name": "鯨 クジラ",
              "experiment": "churn",
              "status": "Running",
              "started": "2026-01-01T12:00:00.000Z",
              "duration_seconds": null
            }
          ],
          "metrics": [
            {
              "key": "epoch",
              "differs": true,
              "values": [
                10,
                10,
                7
              ],
              "best": [
                false,
                false,
                false
              ]
            },
            {
              "key": "loss",
              "differs": true,
              "values": [
                "NaN",
                0.25,
                0.25
              ],
              "best": [
                false,
                true,
                true
              ]
            },
            {
              "key": "val/acc",
              "differs": true,
              "values": [
                0.5,
                0.75,
                null
              ],
              "best": [
                false,
                true,
                false
              ]
            }
          ],
          "params": [
            {
              "key": "layers",
              "differs": false,
              "values": [
                "3",
                "3",
                "3"
              ]
            },
            {
              "key": "note",
              "differs": true,
              "values": [
                "line one\nline \u0022two\u0022",
                null,
                "=a | b, *c* \u003Cd\u003E _e_ f_g"
              ]
            },
            {
              "key": "text",
              "differs": true,
              "values": [
                "xxxxxxxxxxxxxxxxxxxxyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
                "",
                "é\u001B[31m"
              ]
            }
          ],
          "tags": [
            {
              "key": "team",
              "differs": true,
              "values": [
                "blue",
                "red",
                "red"
              ]
            }
          ],
          "datasets": [
            {
              "key": "train",
              "differs": true,
              "values": [
                "abc (training)",
                "abc (training)",
                "abc (validation), def"
              ]
            }
          ],
          "artifacts": [
            {
              "key": "model.onnx",
              "differs": true,
              "values": [
                {
                  "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "bytes": 3
                },
                {
                  "sha256": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                  "bytes": 3
                },
                {
                  "sha256": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                  "bytes": 3
                }
              ]
            },
            {
              "key": "weights.bin",
              "differs": true,
              "values": [
                {
                  "sha256": null,
                  "bytes": 4
                },
                {
                  "sha256": null,
                  "bytes": 5
                },
                null
              ]
            }
          ]
        }
        """,
        Sample().ToJson());

    [Fact]
    public void Equal_runs_have_no_differences()
    {
        RunDetails run = Run("run-a", "one", metrics: [("accuracy", 1)], parameters: [("layers", "3")]);
        RunComparison comparison = Compare([run, run with { Info = run.Info with { Id = new RunId("run-b") } }], new CompareOptions { OnlyDifferentParams = true });
        Assert.Equal(
            """
            run         one                       one
            id          run-a                     run-b
            experiment  churn                     churn
            status      Finished                  Finished
            started     2026-01-01T12:00:00.000Z  2026-01-01T12:00:00.000Z
            duration    00:00:01.000              00:00:01.000

            metrics
              accuracy  1 *                       1 *

            params: no differences

            tags: no differences

            datasets: no differences

            * best

            """,
            comparison.ToString());
        Assert.Equal(
            """
            | run | one | one |
            | --- | --- | --- |
            | id | run-a | run-b |
            | experiment | churn | churn |
            | status | Finished | Finished |
            | started | 2026-01-01T12:00:00.000Z | 2026-01-01T12:00:00.000Z |
            | duration | 00:00:01.000 | 00:00:01.000 |
            | **metrics** |  |  |
            | accuracy | **1** | **1** |
            | **params** | no differences |  |
            | **tags** | no differences |  |
            | **datasets** | no differences |  |

            """,
            comparison.ToMarkdown());
    }

    [Fact]
    public void Runs_that_share_nothing_lack_what_the_other_has()
    {
        RunComparison comparison = Compare(
            [Run("run-a", "one", metrics: [("loss", 1)], parameters: [("layers", "3")], tags: [("team", "blue")]), Run("run-b", "two", metrics: [("auc", 1)], datasets: [("train", "abc", null)])],
            artifacts: [[File("a.txt", 1, Hash)], []]);

        ComparisonRow[] rows = [.. comparison.Metrics, .. comparison.Params, .. comparison.Tags, .. comparison.Datasets, .. comparison.Artifacts!];
        Assert.Equal(["auc", "loss", "layers", "team", "train", "a.txt"], rows.Select(row => row.Key));
        Assert.All(rows, row => Assert.True(row.Differs && row.Cells.Count(cell => cell is null) == 1));
    }

    [Fact]
    public void The_best_are_all_that_are_equal_and_never_NaN()
    {
        double nan = double.NaN, infinite = double.PositiveInfinity;
        Dictionary<string, MetricDirection> directions = new() { ["cost"] = MetricDirection.Lower, ["loss"] = MetricDirection.Higher, ["auc"] = MetricDirection.Unknown };

        Assert.Equal("010", Best("loss", 2, 1, 3));
        Assert.Equal("101", Best("accuracy", 2, 1, 2));
        Assert.Equal("010", Best("loss", nan, 7, infinite));
        Assert.Equal("001", Best("val/auc", nan, 7, infinite));
        Assert.Equal("000", Best("loss", nan, nan, null));
        Assert.Equal("001", Best("loss", nan, null, 5));
        Assert.Equal("111", Best("loss", 0, 0, 0));
        Assert.Equal("000", Best("cost", 1, 2, 3));
        Assert.Equal("100", Best("cost", 1, 2, 3, directions));
        Assert.Equal("001", Best("loss", 1, 2, 3, directions));
        Assert.Equal("000", Best("auc", 1, 2, 3, directions));

        static string Best(string key, double? one, double? two, double? three, Dictionary<string, MetricDirection>? directions = null)
        {
            RunDetails[] runs = [.. ((double?[])[one, two, three]).Select((value, i) => Run($"run-{i}", "x", metrics: value is { } number ? [(key, number)] : []))];
            CompareOptions options = directions is null ? new() : new() { Directions = directions };
            return string.Concat(Assert.Single(Compare(runs, options).Metrics).Cells.Select(cell => cell is { IsBest: true } ? '1' : '0'));
        }
    }

    [Fact]
    public void Reserved_tags_and_equal_params_are_compared_when_asked_for()
    {
        RunDetails[] runs =
        [
            Run("run-a", "one", parameters: [("layers", "3"), ("rate", "1")], tags: [("mlflow.user", "ann"), ("mlops.git", "1"), ("mlflowish", "x")]),
            Run("run-b", "two", parameters: [("layers", "3"), ("rate", "2")], tags: [("mlflow.user", "bob"), ("mlops.git", "2"), ("mlflowish", "y")]),
        ];

        RunComparison usual = Compare(runs), other = Compare(runs, new CompareOptions { ReservedTags = true, OnlyDifferentParams = true });

        Assert.Equal(["mlflowish"], usual.Tags.Select(row => row.Key));
        Assert.Equal(["mlflow.user", "mlflowish", "mlops.git"], other.Tags.Select(row => row.Key));
        Assert.Equal([("layers", false), ("rate", true)], usual.Params.Select(row => (row.Key, row.Differs)));
        Assert.Equal(["rate"], other.Params.Select(row => row.Key));
    }

    [Theory]
    [InlineData(false, "a5 a5 a5")]
    [InlineData(true, "a5 b5 a5")]
    [InlineData(false, "a5 ?5 a5")]
    [InlineData(true, "a5 ?5 b5")]
    [InlineData(true, "a5 ?6 a5")]
    [InlineData(false, "?5 ?5 ?5")]
    [InlineData(true, "?5 ?5 ?6")]
    [InlineData(true, "a5 - a5")]
    [InlineData(true, "- - ?5")]
    public void Files_differ_by_hash_by_size_where_no_hash_is_known_and_where_one_is_missing(bool differ, string files)
    {
        RunDetails[] runs = [.. Enumerable.Range(0, 3).Select(i => Run($"run-{i}", "x"))];
        ArtifactFile[][] artifacts =
        [
            .. files.Split(' ').Select(file => file == "-" ? (ArtifactFile[])[] : [File("model.onnx", file[1] - '0', file[0] == '?' ? null : new string(file[0], 64))]),
        ];

        Assert.Equal(differ, Compare(runs, artifacts: artifacts).Artifacts!.Count == 1);
    }

    [Fact]
    public void Artifacts_that_were_not_compared_are_not_spoken_of()
    {
        RunComparison comparison = Compare([Run("run-a", "one"), Run("run-b", "two")]);

        Assert.Null(comparison.Artifacts);
        Assert.DoesNotContain("artifacts", comparison.ToString() + comparison.ToMarkdown() + comparison.ToCsv(), StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(comparison.ToJson());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("artifacts").ValueKind);
    }

    [Property(MaxTest = 300)]
    public void Comma_separated_values_read_back_as_they_were(NonNull<string> one, NonNull<string> two)
    {
        string csv = WithParam(one.Get, two.Get).ToCsv();

        string?[][] records = ReadCsv(csv);
        Assert.All(records, record => Assert.Equal(5, record.Length));
        Assert.Equal(["params", "text", one.Get, two.Get, null], records.Single(record => record[0] == "params"));
    }

    [Property(MaxTest = 300)]
    public void No_value_breaks_a_table(NonNull<string> one, NonNull<string> two)
    {
        RunComparison plain = WithParam("x", "y"), comparison = WithParam(one.Get, two.Get);

        string[] lines = comparison.ToString().Split('\n'), rows = comparison.ToMarkdown().Split('\n');
        Assert.Equal(plain.ToString().Split('\n').Length, lines.Length);
        Assert.Equal(plain.ToMarkdown().Split('\n').Length, rows.Length);
        Assert.DoesNotContain(lines.Concat(rows), line => line.Any(char.IsControl));
        Assert.All(rows[..^1], row => Assert.Equal(4, Pipes(row)));
        Assert.Single(JsonDocument.Parse(comparison.ToJson()).RootElement.GetProperty("params").EnumerateArray());

        static int Pipes(string row) => Enumerable.Range(0, row.Length).Count(i => row[i] == '|' && row[..i].Reverse().TakeWhile(c => c == '\\').Count() % 2 == 0);
    }

    private static RunComparison WithParam(string one, string two) => Compare([Run("run-a", "one", parameters: [("text", one)]), Run("run-b", "two", parameters: [("text", two)])]);

    /// <summary>RFC 4180 the other way; an empty field without quotes is null.</summary>
    private static string?[][] ReadCsv(string csv)
    {
        List<string?[]> records = [];
        List<string?> fields = [];
        for (int i = 0; i < csv.Length;)
        {
            string? field = null;
            if (csv[i] == '"')
            {
                field = "";
                for (i++; csv[i] != '"' || (i + 1 < csv.Length && csv[i + 1] == '"'); i += csv[i] == '"' ? 2 : 1)
                    field += csv[i];
                i++;
            }
            else
            {
                int end = csv.IndexOfAny([',', '\r'], i);
                field = end == i ? null : csv[i..end];
                i = end;
            }

            fields.Add(field);
            if (csv[i] == '\r')
            {
                records.Add([.. fields]);
                fields.Clear();
                i++;
            }

            i++;
        }

        return [.. records];
    }

    private static RunComparison Sample() => Compare(
        [
            Run("run-a", "brave-otter", 62.5, metrics: [("epoch", 10), ("loss", double.NaN), ("val/acc", 0.5)],
                parameters: [("layers", "3"), ("note", "line one\nline \"two\""), ("text", new string('x', 20) + new string('y', 30))],
                tags: [("team", "blue"), ("mlflow.user", "ann"), ("mlops.git", "1")], datasets: [("train", "abc", "training")]),
            Run("run-b", "calm|lynx", 93_600, RunStatus.Failed, [("epoch", 10), ("loss", 0.25), ("val/acc", 0.75)], [("layers", "3"), ("text", "")], [("team", "red")], [("train", "abc", "training")]),
            Run("run-c", "鯨 クジラ", null, RunStatus.Running, [("epoch", 7), ("loss", 0.25)], [("layers", "3"), ("note", "=a | b, *c* <d> _e_ f_g"), ("text", "é\u001b[31m")], [("team", "red")],
                [("train", "def", null), ("train", "abc", "validation")]),
        ],
        artifacts:
        [
            [File("model.onnx", 3, Hash), File("same.txt", 5, Hash), File("unsure.txt", 5, Hash), File("weights.bin", 4, null)],
            [File("model.onnx", 3, OtherHash), File("same.txt", 5, Hash), File("unsure.txt", 5, null), File("weights.bin", 5, null)],
            [File("model.onnx", 3, OtherHash), File("same.txt", 5, Hash), File("unsure.txt", 5, Hash)],
        ]);

    private static RunComparison Compare(RunDetails[] runs, CompareOptions? options = null, IReadOnlyList<IReadOnlyList<ArtifactFile>>? artifacts = null) =>
        new RunComparer(runs, options ?? new CompareOptions()).Compare([.. runs.Select(_ => "churn")], artifacts);

    private static ArtifactFile File(string path, long bytes, string? sha256) => new() { Path = new ArtifactPath(path), SizeBytes = bytes, Sha256 = sha256 };

    private static RunDetails Run(
        string id,
        string name,
        double? seconds = 1,
        RunStatus status = RunStatus.Finished,
        (string Key, double Value)[]? metrics = null,
        (string Key, string Value)[]? parameters = null,
        (string Key, string Value)[]? tags = null,
        (string Name, string Digest, string? Role)[]? datasets = null) => new()
        {
            Info = new RunInfo
            {
                Id = new RunId(id),
                ExperimentId = ExperimentId.Default,
                Name = name,
                Status = status,
                StartedAt = Start,
                EndedAt = seconds is { } length ? Start.AddSeconds(length) : null,
                ArtifactLocation = "file:///artifacts",
            },
            Metrics = (metrics ?? []).ToDictionary(metric => metric.Key, metric => new MetricPoint(1, 1, metric.Value)),
            Params = (parameters ?? []).ToDictionary(param => param.Key, param => param.Value),
            Tags = (tags ?? []).ToDictionary(tag => tag.Key, tag => tag.Value),
            Datasets = [.. (datasets ?? []).Select(dataset => new DatasetInput { Name = dataset.Name, Digest = dataset.Digest, Role = dataset.Role })],
        };
}
