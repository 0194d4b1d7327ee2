using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Metrics_are_ordered_as_numbers_with_NaN_after_them_and_missing_ones_last_in_both_directions()
    {
        Needs(StoreCapabilities.NonFiniteValues);
        await LogAsync([.. "abcdefgh".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(
            Metric("b", "m", double.NaN), Metric("c", "m", 10), Metric("d", "m", double.PositiveInfinity), Metric("e", "m", -0.0), Metric("f", "m", 0), Metric("g", "m", double.NegativeInfinity), Metric("h", "m", 9));

        await AssertOrderAsync("gefhcdba", "metrics.m");
        await AssertOrderAsync("dchefgba", "metrics.m DESC");
    }

    [Fact]
    public async Task Metrics_are_ordered_by_their_latest_value()
    {
        await LogAsync([.. "abc".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(Metric("a", "m", 1, step: 1), Metric("b", "m", 2, step: 1), Metric("c", "m", 3, step: 1));
        await AssertOrderAsync("abc", "metrics.m");

        await LogAsync(Metric("a", "m", 9, step: 2), Metric("c", "m", 0, step: 0));

        await AssertOrderAsync("bca", "metrics.m");
    }

    [Fact]
    public async Task Params_and_tags_are_ordered_by_code_point_with_missing_ones_last_in_both_directions()
    {
        string[] values = ["", "10", "9", "A", "Z", "a", "ab", "a\u0301", "z", "é", "\uD7FF", "\uE000", "\uFFFD", "😀", "\uDBFF\uDFFF"];
        await LogAsync([.. values.Select((_, i) => Started(new RunId($"{(char)('a' + i)}"))), Started(new RunId("zz"))]);
        await LogAsync([.. values.SelectMany((value, i) => (TrackingRecord[])[Param($"{(char)('a' + i)}", "p", value), Tag($"{(char)('a' + i)}", "t", value)])]);

        foreach (string key in (string[])["params.p", "tags.t"])
        {
            await AssertOrderAsync("abcdefghijklmnozz", key);
            await AssertOrderAsync("onmlkjihgfedcbazz", $"{key} DESC");
        }
    }

    [Fact]
    public async Task Attributes_are_ordered_and_a_run_that_has_not_ended_comes_last()
    {
        await LogAsync(
            Started(new RunId("a")) with { StartedAtMs = 300, Name = "z", User = "x", ArtifactLocation = "c" },
            Started(new RunId("b")) with { StartedAtMs = 100, Name = "Z", User = "X", ArtifactLocation = "a" },
            Started(new RunId("c")) with { StartedAtMs = 200, Name = "é", ArtifactLocation = "b", Status = RunStatus.Scheduled },
            Started(new RunId("d")) with { StartedAtMs = 1000, Name = "y", User = "y", ArtifactLocation = "d" });
        await LogAsync(
            new TrackingRecord.RunUpdated(new RunId("a")) { Status = RunStatus.Finished, EndedAtMs = 400 },
            new TrackingRecord.RunUpdated(new RunId("b")) { Status = RunStatus.Failed, EndedAtMs = 1500 });

        await AssertOrderAsync("bcad", "start_time");
        await AssertOrderAsync("dacb", "created DESC");
        await AssertOrderAsync("abdc", "end_time");
        await AssertOrderAsync("badc", "end_time DESC");
        await AssertOrderAsync("bdac", "run_name");
        await AssertOrderAsync("cadb", "run_name DESC");
        await AssertOrderAsync("badc", "status");
        await AssertOrderAsync("cdab", "status DESC");
        await AssertOrderAsync("cbad", "user_id");
        await AssertOrderAsync("bcad", "artifact_uri");
        await AssertOrderAsync("dcba", "run_id DESC");
    }

    [Fact]
    public async Task Runs_that_are_equal_in_an_order_are_ordered_by_newest_start_and_then_by_id()
    {
        await LogAsync(Started(new RunId("a")) with { StartedAtMs = 1 }, Started(new RunId("c")) with { StartedAtMs = 2 }, Started(new RunId("b")) with { StartedAtMs = 2 }, Started(new RunId("d")) with { StartedAtMs = 3 });
        await LogAsync(Metric("a", "m", 1), Metric("b", "m", 1), Metric("c", "m", 1), Param("b", "p", "x"), Param("c", "p", "x"));

        await AssertOrderAsync("bcad", "metrics.m");
        await AssertOrderAsync("bcad", "metrics.m DESC");
        await AssertOrderAsync("bcda", "params.p DESC");
        await AssertOrderAsync("dbca", "metrics.unknown");
        await AssertOrderAsync("abcd", "start_time");
        await AssertOrderAsync("acbd", "start_time", "run_id DESC");
        await AssertOrderAsync("cbad", "metrics.m", "run_id DESC");
        await AssertOrderAsync("bcad", "metrics.m", "params.p");
        await AssertOrderAsync("bcad", "params.p", "metrics.m", "tags.unknown DESC");
        await AssertOrderAsync("dbca");
    }

    [Fact]
    public async Task The_same_key_of_a_metric_a_param_and_a_tag_are_three_keys_of_an_order()
    {
        await LogAsync([.. "abcd".Select(name => Started(new RunId($"{name}")))]);
        await LogAsync(
            Metric("a", "k", 1), Param("a", "k", "2"), Tag("a", "k", "3"),
            Metric("b", "k", 1), Param("b", "k", "2"), Tag("b", "k", "4"),
            Metric("c", "k", 1), Param("c", "k", "3"),
            Metric("d", "k", 0));

        await AssertOrderAsync("dbac", "metrics.k", "params.k", "tags.k DESC");
        await AssertOrderAsync("cabd", "metrics.k DESC", "params.k DESC", "tags.k");
        await AssertOrderAsync("abcd", "tags.k", "params.k", "metrics.k");
    }

    private async Task AssertOrderAsync(string expected, params string[] keys)
    {
        string order = string.Join(", ", keys);
        Assert.Equal((order, expected), (order, string.Concat(await FindAsync(RunQuery.Parse(null, keys)))));
    }
}
