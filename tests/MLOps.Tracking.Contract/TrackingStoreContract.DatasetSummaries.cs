using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task The_datasets_of_experiments_come_once_for_each_role_in_order()
    {
        RunId one = await StartRunAsync(), two = await StartRunAsync(), other = await StartRunAsync("other"), none = await StartRunAsync("none");
        await LogAsync(new TrackingRecord.TagSet(none, "no", "dataset"));
        foreach (RunId run in (RunId[])[one, two, other])
            await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine));
        await LogAsync(
            new TrackingRecord.DatasetUsed(two, s_wine with { Role = null }),
            new TrackingRecord.DatasetUsed(two, s_wine with { Role = "validation", Tags = Pairs(("split", "1")) }),
            new TrackingRecord.DatasetUsed(two, s_wine with { Digest = "d0" }),
            new TrackingRecord.DatasetUsed(two, s_wine with { Name = "\U0001F377" }),
            new TrackingRecord.DatasetUsed(two, s_wine with { Name = "\uFF57ine" }),
            new TrackingRecord.DatasetUsed(two, s_wine with { Name = "Wine" }));
        ExperimentId churn = (await GetExperimentAsync("churn")).Id, elsewhere = (await GetExperimentAsync("other")).Id, empty = (await GetExperimentAsync("none")).Id;
        await ReopenAsync();

        DatasetSummary[] expected =
        [
            new(elsewhere, "wine", "d1", "training"),
            new(churn, "Wine", "d1", "training"),
            new(churn, "wine", "d0", "training"),
            new(churn, "wine", "d1", null),
            new(churn, "wine", "d1", "training"),
            new(churn, "wine", "d1", "validation"),
            new(churn, "\uFF57ine", "d1", "training"),
            new(churn, "\U0001F377", "d1", "training"),
        ];
        ExperimentId[] asked = [elsewhere, empty, churn, new ExperimentId("77"), new ExperimentId("no number"), elsewhere];
        Assert.Equal(expected, await Store.FindDatasetsAsync(asked, 1000, Cancellation));
        Assert.Equal(expected, await Store.FindDatasetsAsync(asked, expected.Length, Cancellation));
        Assert.Equal(expected[..3], await Store.FindDatasetsAsync(asked, 3, Cancellation));
        Assert.Equal(expected[..1], await Store.FindDatasetsAsync(asked, 1, Cancellation));
        Assert.Empty(await Store.FindDatasetsAsync([empty], 1, Cancellation));
    }

    [Fact]
    public async Task Datasets_of_deleted_runs_count_and_those_of_purged_ones_do_not()
    {
        Needs(StoreCapabilities.Purge);
        RunId one = await StartRunAsync(), two = await StartRunAsync();
        ExperimentId churn = (await GetExperimentAsync("churn")).Id;
        await LogAsync(new TrackingRecord.DatasetUsed(one, s_wine), new TrackingRecord.DatasetUsed(two, s_wine), new TrackingRecord.DatasetUsed(two, s_wine with { Role = "test" }));
        await DeleteAsync(one, two);

        Assert.Equal(["test", "training"], (await Store.FindDatasetsAsync([churn], 9, Cancellation)).Select(dataset => dataset.Role));
        await Store.BeginPurgeAsync([two], Cancellation);
        Assert.Equal(["training"], (await Store.FindDatasetsAsync([churn], 9, Cancellation)).Select(dataset => dataset.Role));
        await Store.EndPurgeAsync([two], Cancellation);
        Assert.Equal(["training"], (await Store.FindDatasetsAsync([churn], 9, Cancellation)).Select(dataset => dataset.Role));
    }

    [Fact]
    public async Task A_question_for_datasets_names_an_experiment_and_a_limit()
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.FindDatasetsAsync([], 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.FindDatasetsAsync([ExperimentId.Default], 0, Cancellation));
    }
}
