using System.Globalization;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    private const string Injection = "'; DROP TABLE run; --";

    [Fact]
    public async Task Metrics_are_found_by_their_latest_value()
    {
        await LogAsync([.. "abcdef".Select(name => Started(new RunId($"{name}"))), .. LettersWithMetrics()]);
        await LogAsync(
            Metric("a", "moving", 5, step: 1), Metric("a", "moving", 1, step: 2), Metric("b", "moving", 3, step: 7), Metric("b", "moving", 9, step: 6));

        await AssertFoundAsync(
            ("metrics.acc = 0.9", "a"),
            ("metrics.acc = 0.90000000000000002", "a"),
            ("metrics.acc != 0.9", "cd"),
            ("metrics.acc > 0", "a"),
            ("metrics.acc >= 0", "ac"),
            ("metrics.acc < 0", "d"),
            ("metrics.acc <= 0", "cd"),
            ("metrics.acc = 0", "c"),
            ("metrics.acc = -0", "c"),
            ("metrics.acc > -0.5 AND metrics.acc < 0.5", "cd"),
            ("metrics.acc > 0 AND metrics.acc < 0", ""),
            ("metrics.acc > 0 AND metrics.loss < 1", "a"),
            ("metrics.acc != 7 AND metrics.loss != 7", "a"),
            ("metrics.loss > 1e300", "b"),
            ("metrics.moving = 1", "a"),
            ("metrics.moving < 2", "a"),
            ("metrics.moving = 3", "b"),
            ("metrics.moving > 4", ""),
            ("metrics.Acc > 0", ""),
            ("metrics.unknown != 0", ""));
    }

    [Fact]
    public async Task NaN_meets_nothing_but_unequal_and_infinities_are_numbers()
    {
        Needs(StoreCapabilities.NonFiniteValues);
        await LogAsync([.. "abcd".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(Metric("a", "m", 1), Metric("b", "m", double.NaN), Metric("c", "m", double.PositiveInfinity), Metric("d", "m", double.NegativeInfinity));
        NumberField m = RunField.Metric("m");

        await AssertFoundAsync(
            ("metrics.m != 1", "bcd"),
            ("metrics.m = 0", ""),
            ("metrics.m > -1.7976931348623157e308", "ac"),
            ("metrics.m >= 1.7976931348623157e308", "c"),
            ("metrics.m < 5", "ad"),
            ("metrics.m <= -1.7976931348623157e308", "d"));
        await AssertFoundAsync(
            (m.EqualTo(double.PositiveInfinity), "c"),
            (m.NotEqualTo(double.PositiveInfinity), "abd"),
            (m.NotEqualTo(double.NegativeInfinity), "abc"),
            (m < double.PositiveInfinity, "ad"),
            (m <= double.PositiveInfinity, "acd"),
            (m > double.PositiveInfinity, ""),
            (m >= double.NegativeInfinity, "acd"),
            (m > double.NegativeInfinity, "ac"),
            (m.EqualTo(double.NegativeInfinity), "d"));
    }

    [Fact]
    public async Task Params_and_tags_are_found_as_texts()
    {
        await LogAsync([.. "abcd".Select(name => Started(new RunId($"{name}")))]);
        foreach (Func<string, string, string, TrackingRecord> log in (Func<string, string, string, TrackingRecord>[])[Param, Tag])
            await LogAsync(log("a", "opt", "adam"), log("b", "opt", "SGD"), log("c", "opt", "adamw"), log("a", "lr", "0.1"), log("b", "lr", "10"), log("a", "note", ""));

        foreach (string kind in (string[])["params", "tags"])
        {
            await AssertFoundAsync(
                ($"{kind}.opt = 'adam'", "a"),
                ($"{kind}.opt = 'Adam'", ""),
                ($"{kind}.Opt = 'adam'", ""),
                ($"{kind}.opt = 'ada'", ""),
                ($"{kind}.opt != 'adam'", "bc"),
                ($"{kind}.opt != ''", "abc"),
                ($"{kind}.opt LIKE 'adam'", "a"),
                ($"{kind}.opt LIKE 'adam%'", "ac"),
                ($"{kind}.opt LIKE 'adam_'", "c"),
                ($"{kind}.opt LIKE '%d%'", "ac"),
                ($"{kind}.opt LIKE '%'", "abc"),
                ($"{kind}.opt LIKE 'ADAM%'", ""),
                ($"{kind}.opt ILIKE 'ADAM%'", "ac"),
                ($"{kind}.opt ILIKE '%d%'", "abc"),
                ($"{kind}.opt ILIKE 'sg_'", "b"),
                ($"{kind}.opt IS NULL", "d"),
                ($"{kind}.opt IS NOT NULL", "abc"),
                ($"{kind}.note = ''", "a"),
                ($"{kind}.note LIKE ''", "a"),
                ($"{kind}.note LIKE '_%'", ""),
                ($"{kind}.note != ''", ""),
                ($"{kind}.note IS NOT NULL", "a"),
                ($"{kind}.lr = '0.1'", "a"),
                ($"{kind}.lr = '0.10'", ""),
                ($"{kind}.lr != '0.1'", "b"),
                ($"{kind}.lr LIKE '1%' AND {kind}.opt ILIKE 's%'", "b"),
                ($"{kind}.opt LIKE 'a%' AND {kind}.opt LIKE '%w' AND {kind}.lr IS NULL", "c"),
                ($"{kind}.unknown IS NULL", "abcd"),
                ($"{kind}.unknown != 'x'", ""));
        }
    }

    [Fact]
    public async Task The_name_is_found_as_attribute_and_as_tag()
    {
        await LogAsync(Started(new RunId("a")) with { Name = "brave-otter" }, Started(new RunId("b")) with { Name = "sly-fox" });
        await LogAsync(Tag("b", "mlflow.runName", "calm-otter"));

        await AssertFoundAsync(
            ("run_name LIKE '%otter'", "ab"),
            ("attributes.`Run name` = 'calm-otter'", "b"),
            ("tags.mlflow.runName = 'calm-otter'", "b"),
            ("tags.`mlflow.runName` ILIKE 'BRAVE%'", "a"),
            ("run_name IN ('brave-otter', 'sly-fox')", "a"),
            ("run_name NOT IN ('brave-otter', 'sly-fox')", "b"));
    }

    [Fact]
    public async Task Attributes_are_found_with_what_goes_with_them()
    {
        await LogAsync(
            Started(new RunId("a")) with { StartedAtMs = 100, User = "ada", ArtifactLocation = "file:///x/a" },
            Started(new RunId("b")) with { StartedAtMs = 200, User = "Bob", ArtifactLocation = "s3://y/b" },
            Started(new RunId("c")) with { StartedAtMs = 200, Status = RunStatus.Scheduled, ArtifactLocation = "file:///x/c" },
            Started(new RunId("d")) with { StartedAtMs = 300, ArtifactLocation = "file:///x/d" });
        await LogAsync(
            new TrackingRecord.RunUpdated(new RunId("a")) { Status = RunStatus.Finished, EndedAtMs = 150 },
            new TrackingRecord.RunUpdated(new RunId("b")) { Status = RunStatus.Failed, EndedAtMs = 260 });

        await AssertFoundAsync(
            ("status = 'FINISHED'", "a"),
            ("status != 'FINISHED'", "bcd"),
            ("status = 'finished'", ""),
            ("status LIKE 'F%'", "ab"),
            ("status ILIKE '%ed'", "abc"),
            ("status IN ('RUNNING', 'SCHEDULED')", "cd"),
            ("status NOT IN ('RUNNING', 'SCHEDULED', 'x')", "ab"),
            ("status = 'NONSENSE'", ""),
            ("status != 'NONSENSE'", "abcd"),
            ("run_id = 'a'", "a"),
            ("run_id = 'A'", ""),
            ("run_id != 'a'", "bcd"),
            ("run_id IN ('a', 'A', 'd', 'd')", "ad"),
            ("run_id ILIKE 'A'", "a"),
            ("user_id = 'ada'", "a"),
            ("user_id = ''", "cd"),
            ("user_id ILIKE 'B%'", "b"),
            ("user_id NOT IN ('', 'ada')", "b"),
            ("artifact_uri LIKE 's3:%'", "b"),
            ("artifact_uri != 'file:///x/a'", "bcd"),
            ("start_time = 200", "bc"),
            ("start_time != 200", "ad"),
            ("start_time > 200", "d"),
            ("start_time >= 200", "bcd"),
            ("start_time < 200", "a"),
            ("created <= 2e2", "abc"),
            ("start_time > 199.5", "bcd"),
            ("start_time = 200.5", ""),
            ("start_time < 1e300", "abcd"),
            ("start_time > -1e300", "abcd"),
            ("end_time > 0", "ab"),
            ("end_time != 150", "b"),
            ("end_time <= 150", "a"));
        await AssertFoundAsync(
            (RunField.StartedAt > DateTimeOffset.FromUnixTimeMilliseconds(200), "d"),
            (RunField.EndedAt.EqualTo(DateTimeOffset.FromUnixTimeMilliseconds(150).AddTicks(5)), "a"));
    }

    [Fact]
    public async Task A_run_whose_lease_has_run_out_is_found_as_killed_and_ended()
    {
        Needs(StoreCapabilities.Leases);
        await LogAsync(new TestJournal(Clock), Started(new RunId("a")) with { StartedAtMs = 100 });
        await LogAsync(new TestJournal(Clock), Started(new RunId("b")) with { StartedAtMs = 200 });
        await LogAsync(Metric("a", "m", 1, timestampMs: 5000));
        await AssertFoundAsync(("status = 'RUNNING'", "ab"), ("status = 'KILLED'", ""), ("end_time >= 0", ""));

        Clock.Advance(TestJournal.LeaseDuration);
        await LogAsync(Started(new RunId("c")));

        await AssertFoundAsync(
            ("status = 'RUNNING'", "c"),
            ("status = 'KILLED'", "ab"),
            ("status != 'KILLED'", "c"),
            ("status LIKE 'KILL%'", "ab"),
            ("status IN ('KILLED')", "ab"),
            ("status NOT IN ('KILLED')", "c"),
            ("end_time = 5000", "a"),
            ("end_time = 200", "b"),
            ("end_time > 200", "a"));
        Assert.Equal(["b", "a", "c"], await FindAsync(new RunQuery { OrderBy = [RunField.EndedAt.Ascending] }));
        Assert.Equal(["a", "b", "c"], await FindAsync(RunQuery.Parse(null, "status", "end_time DESC")));
    }

    [Fact]
    public async Task Each_comparison_of_datasets_asks_whether_one_of_them_meets_it()
    {
        await LogAsync([.. "abcd".Select(name => Started(new RunId($"{name}"), name == 'c' ? "fraud" : "churn"))]);
        await LogAsync(
            Dataset("a", "train", "d1", "training"), Dataset("a", "test", "d2", "testing"),
            Dataset("b", "train", "d3", "training"), Dataset("b", "train", "d3", "testing"),
            Dataset("c", "Other", "d1", null));

        await AssertFoundAsync(
            ("datasets.name = 'train'", "ab"),
            ("datasets.name = 'Train'", ""),
            ("datasets.name != 'train'", "ac"),
            ("dataset.name LIKE 'T%'", ""),
            ("dataset.name ILIKE 'T%'", "ab"),
            ("datasets.name IN ('test', 'Other')", "ac"),
            ("datasets.name NOT IN ('train', 'Other')", "a"),
            ("datasets.digest = 'd1'", "ac"),
            ("datasets.digest LIKE 'd_'", "abc"),
            ("datasets.context = 'training'", "ab"),
            ("datasets.context != 'training'", "ab"),
            ("datasets.context NOT IN ('training', 'testing')", ""),
            ("datasets.context LIKE '%'", "ab"),
            ("datasets.name = 'test' AND datasets.digest = 'd1'", "a"),
            ("datasets.name = 'Other' AND datasets.digest = 'd3'", ""),
            ("datasets.name != ''", "abc"));
    }

    [Fact]
    public async Task Conditions_of_all_kinds_go_together()
    {
        await LogAsync([.. "abc".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(
            Metric("a", "key", 1), Param("a", "key", "p"), Tag("a", "key", "t"), Dataset("a", "key", "d", "training"),
            Metric("b", "key", 1), Param("b", "key", "t"), Tag("b", "key", "p"), Dataset("b", "key", "d", "training"),
            Metric("c", "key", 2), Param("c", "key", "p"));

        await AssertFoundAsync(
            ("metrics.key = 1 AND params.key = 'p' AND tags.key = 't' AND datasets.name = 'key' AND status = 'RUNNING' AND run_name = 'a'", "a"),
            ("metrics.key = 1 AND params.key = 't' AND tags.key = 'p'", "b"),
            ("params.key = 'p' AND tags.key IS NULL", "c"),
            ("metrics.key >= 1", "abc"));
    }

    [Fact]
    public async Task Keys_of_all_kinds_are_found_when_they_are_quoted()
    {
        string[] keys = ["my metric", "my", "metric", "val/loss", "a:b", "a-b", "a.b.c", "a", "größe", "漢字", "AND", "1", "😀", "select"];
        await LogAsync([.. keys.Select((_, i) => Started(new RunId($"r{i}")))]);
        await LogAsync([.. keys.SelectMany((key, i) => (TrackingRecord[])[Metric($"r{i}", key, 1), Param($"r{i}", key, "x"), Tag($"r{i}", key, "x")])]);

        for (int i = 0; i < keys.Length; i++)
        {
            foreach (string condition in (string[])["metrics.`{0}` > 0", "metrics.\"{0}\" <= 1", "params.`{0}` = 'x'", "params.\"{0}\" IS NOT NULL", "tags.`{0}` LIKE 'x'"])
            {
                string filter = string.Format(CultureInfo.InvariantCulture, condition, keys[i]);
                Assert.Equal((filter, $"r{i}"), (filter, string.Join(' ', await FindAsync(RunQuery.Parse(filter)))));
            }

            Assert.Equal($"r{i}", (await FindAsync(RunQuery.Parse(null, $"metrics.`{keys[i]}` DESC")))[0]);
            Assert.Equal($"r{i}", (await FindAsync(RunQuery.Parse(null, $"params.\"{keys[i]}\"")))[0]);
        }
    }

    [Fact]
    public async Task Patterns_know_percent_and_underscore_and_nothing_else()
    {
        string[] values = ["a*b", "a?b", "[ab]", "a\\b", "100%", "a_b", "axb", "a^b", "a{b}", "#1", "a'b", "a\"b", "e\u0301", "é", "É", "😀", "x😀y", "\uD7FF", "\uE000", "z\uDBFF\uDFFFx", "z", "ß", "SS", "ı", "I", "a\0b", "line\nbreak", " a "];
        await LogAsync([.. values.Select((_, i) => Started(new RunId($"r{i:00}")))]);
        await LogAsync([.. values.SelectMany((value, i) => (TrackingRecord[])[Param($"r{i:00}", "p", value), Tag($"r{i:00}", "t", value)])]);
        (string Pattern, bool IgnoreCase, string[] Found)[] cases =
        [
            .. values.Where(value => !value.Contains('%') && !value.Contains('_')).Select(value => (value, false, (string[])[value])),
            ("a_b", false, ["a*b", "a?b", "a\\b", "a_b", "axb", "a^b", "a'b", "a\"b", "a\0b"]),
            ("a\\_", false, ["a\\b"]),
            ("100\\%", false, []),
            ("1%%", false, ["100%"]),
            ("_", false, ["é", "É", "😀", "\uD7FF", "\uE000", "z", "ß", "ı", "I"]),
            ("__", false, ["#1", "e\u0301", "SS"]),
            ("x_y", false, ["x😀y"]),
            ("z%", false, ["z\uDBFF\uDFFFx", "z"]),
            ("z\uDBFF\uDFFF%", false, ["z\uDBFF\uDFFFx"]),
            ("[a-z]%", false, []),
            ("line%", false, ["line\nbreak"]),
            ("%k", false, ["line\nbreak"]),
            ("a\0%", false, ["a\0b"]),
            ("A_B", true, ["a*b", "a?b", "a\\b", "a_b", "axb", "a^b", "a'b", "a\"b", "a\0b"]),
            ("é", true, ["é", "É"]),
            ("É%", true, ["é", "É"]),
            ("ss", true, ["SS"]),
            ("i", true, ["I"]),
            ("", false, []),
            ("", true, []),
        ];

        foreach ((string pattern, bool ignoreCase, string[] expected) in cases)
        {
            foreach (TextField field in (TextField[])[RunField.Param("p"), RunField.Tag("t")])
            {
                SearchFilter filter = ignoreCase ? field.ILike(pattern) : field.Like(pattern);
                List<string> found = [.. (await FindAsync(new RunQuery { Filter = filter })).Select(id => values[int.Parse(id[1..], CultureInfo.InvariantCulture)])];
                Assert.Equal((filter, string.Join('|', expected)), (filter, string.Join('|', found)));
            }
        }

        foreach (string value in values)
            Assert.Equal([value], (await FindRunsAsync(new RunQuery { Filter = RunField.Param("p").EqualTo(value) & RunField.Tag("t").EqualTo(value) })).Select(run => run.Params["p"]));
    }

    [Fact]
    public async Task Long_filters_are_answered()
    {
        await LogAsync([.. "ab".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync([.. Enumerable.Range(0, 150).SelectMany(i => (TrackingRecord[])[Metric("a", $"m{i}", i), Param("a", $"p{i}", "x"), Tag("b", $"t{i}", "x")])]);

        await AssertFoundAsync(
            (string.Join(" AND ", Enumerable.Range(0, 150).Select(i => $"metrics.m{i} = {i} AND params.p{i} LIKE 'x' AND tags.t{i} IS NULL")), "a"),
            (string.Join(" AND ", Enumerable.Range(0, 150).Select(i => $"tags.t{i} = 'x' AND params.p{i} IS NULL")), "b"),
            ($"run_id IN ({string.Join(", ", Enumerable.Range(0, 50_000).Select(i => $"'r{i}'"))}, 'a')", "a"),
            ($"run_id NOT IN ({string.Join(", ", Enumerable.Range(0, 50_000).Select(i => $"'r{i}'"))}, 'a')", "b"),
            ($"run_id LIKE '{string.Concat(Enumerable.Repeat("%a", 5000))}'", ""),
            ($"run_id != '{new string('x', 1_000_000)}'", "ab"));
        Assert.Equal(["a", "b"], await FindAsync(new RunQuery { OrderBy = [.. Enumerable.Range(0, 25).Select(i => RunField.Metric($"m{i}").Ascending), .. Enumerable.Range(0, 25).Select(i => RunField.Tag($"t{i}").Ascending)] }));
        Assert.Equal(["b"], await FindAsync(new RunQuery { Experiments = [.. Enumerable.Range(0, 50_000).Select(i => new ExperimentId($"{i}"))], Filter = RunField.Id.EqualTo("b") }));
    }

    [Fact]
    public async Task Text_in_any_place_stays_text()
    {
        string[] evil = [Injection, "\"; DROP TABLE run; --", "x' OR '1'='1", "x\" OR 1=1 --", "`; DELETE FROM run; --", "%' OR 1=1 --", "\\'", "$1", "?1", ":p", "@p", "x'/*", "0x27", "a\0'; DROP TABLE run; --"];
        await LogAsync([.. "ab".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(Metric("a", "m", 1), Param("a", "p", "x"), Tag("a", "t", "x"), Dataset("a", "d", "1", "training"));
        string everything = string.Join(' ', (await FindRunsAsync(new RunQuery())).Select(run => run.Info));

        foreach (string text in evil)
        {
            TextField[] texts = [RunField.Param("p"), RunField.Tag("t"), RunField.Id, RunField.Name, RunField.Status, RunField.User, RunField.ArtifactLocation, RunField.DatasetName, RunField.DatasetDigest, RunField.DatasetRole];
            foreach (TextField field in texts)
                Assert.Empty(await FindAsync(new RunQuery { Filter = field.EqualTo(text) }));
            foreach (TextField field in texts[2..])
                Assert.Empty(await FindAsync(new RunQuery { Filter = field.In(text, text) }));
            Assert.Empty(await FindAsync(new RunQuery { Filter = RunField.Param("p").Like($"{text}%") & RunField.Tag("t").ILike(text) }));
            Assert.Equal(["a"], await FindAsync(new RunQuery { Filter = RunField.Param("p").NotEqualTo(text) & RunField.Tag("t").NotEqualTo(text) & RunField.DatasetName.NotIn(text) }));
            Assert.Empty(await FindAsync(new RunQuery { Filter = RunField.Metric(text) > 0 }));
            Assert.Empty(await FindAsync(new RunQuery { Filter = RunField.Param(text).IsNotNull() }));
            Assert.Equal(["a", "b"], await FindAsync(new RunQuery { Filter = RunField.Param(text).IsNull() & RunField.Tag(text).IsNull() }));
            Assert.Equal(["a", "b"], await FindAsync(new RunQuery { OrderBy = [RunField.Metric(text).Descending, RunField.Param(text).Ascending, RunField.Tag(text).Ascending] }));
            Assert.Empty(await FindAsync(new RunQuery { Experiments = [new ExperimentId(text)] }));
            Assert.Empty(await FindAsync(new RunQuery { ExperimentNames = [text] }));
            Assert.All(await FindRunsAsync(new RunQuery { Fields = new RunFields { Metrics = [text], Params = [text], Tags = [text] } }), run => Assert.Empty(run.Metrics));
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindRunsAsync(new RunQuery(), new PageRequest { Token = text }, Cancellation));
            RunQuery byName = new() { OrderBy = [RunField.Name.Ascending] };
            string forged = PageToken.Write(byName.Canonical, [new OrderValue.Text(text), new OrderValue.Number(0), new OrderValue.Text(text)]);
            Assert.All((await Store.FindRunsAsync(byName, new PageRequest { Token = forged }, Cancellation)).Items, run => Assert.True(run.Info.Name is "a" or "b"));
        }

        Assert.Equal(everything, string.Join(' ', (await FindRunsAsync(new RunQuery())).Select(run => run.Info)));
    }

    [Fact]
    public async Task Texts_that_look_like_commands_are_found_where_they_were_logged()
    {
        RunId id = new("a");
        await LogAsync(
            Started(id, Injection) with { Name = Injection, User = Injection }, Started(new RunId("b")),
            Param("a", "p", Injection), Tag("a", "t", Injection), Dataset("a", Injection, Injection, Injection));

        await AssertFoundAsync(
            ($"params.p = \"{Injection}\"", "a"),
            ($"tags.t LIKE \"{Injection}%\"", "a"),
            ($"run_name IN (\"{Injection}\")", "a"),
            ($"user_id ILIKE \"{Injection.ToLowerInvariant()}\"", "a"),
            ($"datasets.name = \"{Injection}\" AND datasets.digest = \"{Injection}\" AND datasets.context = \"{Injection}\"", "a"));
        Assert.Equal(["a"], await FindAsync(new RunQuery { ExperimentNames = [Injection] }));
        RunQuery byParam = new() { OrderBy = [RunField.Param("p").Ascending] };
        Page<RunDetails> first = await Store.FindRunsAsync(byParam, new PageRequest { Size = 1 }, Cancellation);
        Page<RunDetails> second = await Store.FindRunsAsync(byParam, new PageRequest { Size = 1, Token = first.NextToken }, Cancellation);
        Assert.Equal([id, new RunId("b")], [first.Items[0].Info.Id, second.Items[0].Info.Id]);
    }

    [Fact]
    public async Task Runs_are_found_by_the_names_of_their_experiments()
    {
        RunId churn = await StartRunAsync("churn"), fraud = await StartRunAsync("fraud");
        ExperimentId churnId = (await GetExperimentAsync("churn")).Id;

        Assert.Equal([churn], await FindRunIdsAsync(new RunQuery { ExperimentNames = ["churn"] }));
        Assert.Equal(2, (await FindRunIdsAsync(new RunQuery { ExperimentNames = ["churn", "fraud", "churn", "unknown"] })).Count);
        Assert.Empty(await FindRunIdsAsync(new RunQuery { ExperimentNames = ["Churn"] }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { ExperimentNames = ["unknown"] }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { ExperimentNames = [] }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { ExperimentNames = ["fraud"], Experiments = [churnId] }));
        Assert.Equal([churn], await FindRunIdsAsync(new RunQuery { ExperimentNames = ["fraud", "churn"], Experiments = [churnId] }));
        Assert.Equal([fraud], await FindRunIdsAsync(new RunQuery { ExperimentNames = ["fraud"], Filter = RunField.Status.EqualTo("RUNNING") }));
    }

    [Fact]
    public async Task Runs_of_deleted_experiments_are_found_by_its_name_when_deleted_ones_are_asked_for()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId run = await StartRunAsync("churn");
        await Store.SetExperimentLifecycleAsync((await GetExperimentAsync("churn")).Id, Lifecycle.Deleted, Cancellation);

        Assert.Empty(await FindRunIdsAsync(new RunQuery { ExperimentNames = ["churn"] }));
        Assert.Equal([run], await FindRunIdsAsync(new RunQuery { ExperimentNames = ["churn"], Lifecycle = Lifecycle.Deleted }));
    }

    [Fact]
    public async Task Only_what_is_asked_for_is_read()
    {
        await LogAsync(Started(new RunId("a")) with { Name = "otter" }, Metric("a", "m", 1), Metric("a", "n", 2), Param("a", "p", "x"), Param("a", "q", "y"), Tag("a", "t", "z"), Dataset("a", "d", "1", "training"));
        RunQuery query = RunQuery.Parse("metrics.m > 0 AND params.p = 'x' AND tags.t = 'z' AND datasets.name = 'd'", "metrics.n", "params.q DESC", "tags.t");

        RunDetails all = Assert.Single(await FindRunsAsync(query));
        RunDetails none = Assert.Single(await FindRunsAsync(query with { Fields = RunFields.None }));
        RunDetails some = Assert.Single(await FindRunsAsync(query with { Fields = new RunFields { Metrics = ["n", "n", "unknown"], Params = [], Tags = ["mlflow.runName", ""], Datasets = false } }));

        Assert.Equal(all.Info, none.Info);
        Assert.Equal(all.Info, some.Info);
        Assert.Equal((2, 2, 2, 1), (all.Metrics.Count, all.Params.Count, all.Tags.Count, all.Datasets.Count));
        Assert.Equal((0, 0, 0, 0), (none.Metrics.Count, none.Params.Count, none.Tags.Count, none.Datasets.Count));
        Assert.Equal(new Dictionary<string, MetricPoint> { ["n"] = all.Metrics["n"] }, some.Metrics);
        Assert.Empty(some.Params);
        Assert.Equal(new Dictionary<string, string> { ["mlflow.runName"] = "otter" }, some.Tags);
        Assert.Empty(some.Datasets);
    }

    [Fact]
    public async Task A_question_that_makes_no_sense_is_refused()
    {
        PageRequest page = new();
        SearchFilter unknown = new([new Comparison(new SearchField(SearchEntity.Attribute, "nonsense"), Comparator.Equal, new SearchValue.Text("x"))]);
        RunQuery[] wrong =
        [
            new() { Filter = unknown }, new() { Filter = null! }, new() { Filter = RunField.Param("p").In("x") }, new() { OrderBy = [RunField.DatasetName.Ascending] }, new() { OrderBy = null! },
            new() { OrderBy = [RunField.Metric("m").Ascending, RunField.Metric("m").Descending] }, new() { ExperimentNames = [null!] }, new() { Fields = null! },
        ];

        foreach (RunQuery query in wrong)
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindRunsAsync(query, page, Cancellation));
        foreach (int size in (int[])[0, -1, int.MinValue, PageRequest.LargestSize + 1])
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.FindRunsAsync(new RunQuery(), new PageRequest { Size = size }, Cancellation));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.FindExperimentsAsync(new ExperimentQuery(), new PageRequest { Size = size }, Cancellation));
        }

        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Store.FindRunsAsync(null!, page, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Store.FindRunsAsync(new RunQuery(), null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Store.FindExperimentsAsync(null!, page, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.FindExperimentsAsync(new ExperimentQuery { Filter = RunField.Metric("m") > 1 }, page, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.FindExperimentsAsync(new ExperimentQuery { OrderBy = [RunField.StartedAt.Ascending] }, page, Cancellation));
        Assert.Empty((await Store.FindRunsAsync(new RunQuery(), new PageRequest { Size = PageRequest.LargestSize }, Cancellation)).Items);
    }

    /// <summary>The runs a to f with the metrics acc and loss, none of them special.</summary>
    private static IEnumerable<TrackingRecord> LettersWithMetrics() =>
        [Metric("a", "acc", 0.9), Metric("a", "loss", -1), Metric("b", "loss", double.MaxValue), Metric("c", "acc", -0.0), Metric("d", "acc", -double.Epsilon)];

    private async Task AssertFoundAsync(params (string Filter, string Runs)[] cases) =>
        await AssertFoundAsync([.. cases.Select(each => (SearchFilter.Parse(each.Filter, SearchVocabulary.Runs), each.Runs))]);

    private async Task AssertFoundAsync(params (SearchFilter Filter, string Runs)[] cases)
    {
        foreach ((SearchFilter filter, string expected) in cases)
            Assert.Equal((Words(filter), expected), (Words(filter), string.Concat(await FindAsync(new RunQuery { Filter = filter, OrderBy = [RunField.Id.Ascending] }))));

        static string Words(SearchFilter filter) => filter.ToString() is { Length: > 300 } text ? text[..300] : filter.ToString();
    }

    private async Task<List<string>> FindAsync(RunQuery query) => [.. (await FindRunIdsAsync(query)).Select(id => id.Value)];

    private async Task<List<RunDetails>> FindRunsAsync(RunQuery query)
    {
        List<RunDetails> found = [];
        await foreach (RunDetails run in Store.FindRunsAsync(query, Cancellation))
            found.Add(run);
        return found;
    }

    private static TrackingRecord.PointsLogged Metric(string run, string key, double value, long step = 0, long timestampMs = 0) =>
        new(new RunId(run), key, new MetricPoint[] { new(step, timestampMs, value) });

    private static TrackingRecord.ParamLogged Param(string run, string key, string value) => new(new RunId(run), key, value);

    private static TrackingRecord.TagSet Tag(string run, string key, string value) => new(new RunId(run), key, value);

    private static TrackingRecord.DatasetUsed Dataset(string run, string name, string digest, string? role) =>
        new(new RunId(run), new DatasetInput { Name = name, Digest = digest, Role = role });
}
