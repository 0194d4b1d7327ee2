using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    /// <summary>Texts that break stores which quote, trim, fold or normalise.</summary>
    public static TheoryData<string> HardTexts { get; } = ["", " ", "  padded  ", "o'clock \"quoted\"; DROP TABLE runs; --", "zwölf\t\r\n", "\U0001F600 Отток 離反", "e\u0301", "null", "%_\\"];

    [Theory]
    [MemberData(nameof(HardTexts))]
    public async Task A_param_and_a_tag_keep_every_character(string value)
    {
        RunId run = await StartRunAsync();

        await LogAsync(new TrackingRecord.ParamLogged(run, "key", value), new TrackingRecord.TagSet(run, "key", value));
        await ReopenAsync();

        RunDetails kept = await GetRunAsync(run);
        Assert.Equal((value, value), (kept.Params["key"], kept.Tags["key"]));
    }

    [Fact]
    public async Task A_param_logged_again_with_its_value_changes_nothing()
    {
        RunId run = await StartRunAsync();

        await LogAsync(new TrackingRecord.ParamLogged(run, "depth", "6"), new TrackingRecord.ParamLogged(run, "depth", "6"));
        await LogAsync(new TrackingRecord.ParamLogged(run, "depth", "6"));

        Assert.Equal(new Dictionary<string, string> { ["depth"] = "6" }, (await GetRunAsync(run)).Params);
    }

    [Fact]
    public async Task A_param_does_not_change()
    {
        RunId run = await StartRunAsync();

        await AssertRefusedAsync(RejectionReason.ParamChanged, new TrackingRecord.ParamLogged(run, "depth", "6"), new TrackingRecord.ParamLogged(run, "depth", "7"));
        await AssertRefusedAsync(RejectionReason.ParamChanged, new TrackingRecord.ParamLogged(run, "depth", "6 "));
        await ReopenAsync();

        Assert.Equal(new Dictionary<string, string> { ["depth"] = "6" }, (await GetRunAsync(run)).Params);
    }

    [Fact]
    public async Task Keys_differ_by_case_and_the_same_key_may_name_a_param_a_tag_and_a_metric()
    {
        RunId run = await StartRunAsync();

        await LogAsync(
            new TrackingRecord.ParamLogged(run, "Loss", "P"), new TrackingRecord.ParamLogged(run, "loss", "p"), new TrackingRecord.TagSet(run, "loss", "t"), Points(run, new MetricPoint(0, 1, 2)));

        RunDetails kept = await GetRunAsync(run);
        Assert.Equal(("P", "p", "t", 2.0), (kept.Params["Loss"], kept.Params["loss"], kept.Tags["loss"], kept.Metrics["loss"].Value));
    }

    [Fact]
    public async Task Keys_and_values_at_their_limits_are_kept_and_longer_ones_refused()
    {
        RunId run = await StartRunAsync();
        string key = new('k', Limits.KeyLength), param = new('p', Limits.ParamValueLength), tag = new('t', Limits.TagValueLength);

        await LogAsync(new TrackingRecord.ParamLogged(run, key, param), new TrackingRecord.TagSet(run, key, tag), new TrackingRecord.PointsLogged(run, key, new[] { new MetricPoint(0, 0, 1) }));
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.ParamLogged(run, "long", param + "p"));
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.TagSet(run, "long", tag + "t"));

        RunDetails kept = await GetRunAsync(run);
        Assert.Equal((param, tag), (kept.Params[key], kept.Tags[key]));
        Assert.Equal([key], kept.Metrics.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/absolute")]
    [InlineData("a//b")]
    [InlineData("../up")]
    [InlineData("a/../b")]
    [InlineData("trailing/")]
    [InlineData("semi;colon")]
    [InlineData("nul\0")]
    public async Task A_key_that_breaks_the_rule_is_refused_for_params_tags_and_metrics(string key)
    {
        RunId run = await StartRunAsync();

        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.ParamLogged(run, key, "1"));
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.TagSet(run, key, "1"));
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.PointsLogged(run, key, new[] { new MetricPoint(0, 0, 1) }));
    }

    [Fact]
    public async Task A_key_of_251_characters_is_refused()
    {
        RunId run = await StartRunAsync();

        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.ParamLogged(run, new string('k', Limits.KeyLength + 1), "1"));
    }
}
