using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task The_last_value_of_a_tag_wins_also_within_a_batch()
    {
        RunId run = await StartRunAsync();

        await LogAsync(new TrackingRecord.TagSet(run, "color", "red"), new TrackingRecord.TagSet(run, "color", "green"), new TrackingRecord.TagSet(run, "shape", "round"));
        await LogAsync(new TrackingRecord.TagSet(run, "shape", "square"));
        await ReopenAsync();

        RunDetails kept = await GetRunAsync(run);
        Assert.Equal(("green", "square"), (kept.Tags["color"], kept.Tags["shape"]));
    }

    [Fact]
    public async Task A_deleted_tag_is_gone_and_may_come_back()
    {
        RunId run = await StartRunAsync();
        await LogAsync(new TrackingRecord.TagSet(run, "color", "red"), new TrackingRecord.TagDeleted(run, "color"));
        await ReopenAsync();
        Assert.DoesNotContain("color", (await GetRunAsync(run)).Tags.Keys);

        await LogAsync(new TrackingRecord.TagSet(run, "color", "blue"));

        Assert.Equal("blue", (await GetRunAsync(run)).Tags["color"]);
    }

    [Fact]
    public async Task A_tag_that_is_not_there_cannot_be_deleted()
    {
        RunId run = await StartRunAsync();

        await AssertRefusedAsync(RejectionReason.UnknownTag, new TrackingRecord.TagDeleted(run, "color"));
        await AssertRefusedAsync(RejectionReason.UnknownTag, new TrackingRecord.TagSet(run, "color", "red"), new TrackingRecord.TagDeleted(run, "color"), new TrackingRecord.TagDeleted(run, "color"));
    }
}
