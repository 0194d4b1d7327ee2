using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Models_that_went_in_and_came_out_are_kept_once_and_in_order()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModelId one = (await CreateModelAsync()).Id, two = (await CreateModelAsync()).Id;
        RunId run = await StartRunAsync(), other = await StartRunAsync();

        await LogAsync(new TrackingRecord.ModelUsed(run, two), new TrackingRecord.ModelUsed(run, one), new TrackingRecord.ModelUsed(run, two));
        await LogAsync(
            new TrackingRecord.ModelProduced(run, new LoggedModelOutput(two, 7)), new TrackingRecord.ModelProduced(run, new LoggedModelOutput(one, 7)),
            new TrackingRecord.ModelProduced(run, new LoggedModelOutput(two, -3)), new TrackingRecord.ModelProduced(run, new LoggedModelOutput(two, 7)));
        await LogAsync(new TrackingRecord.ModelUsed(run, one), new TrackingRecord.ModelUsed(other, one));
        await ReopenAsync();

        RunDetails found = await GetRunAsync(run);
        Assert.Equal([two, one], found.ModelInputs);
        Assert.Equal([new LoggedModelOutput(two, 7), new LoggedModelOutput(one, 7), new LoggedModelOutput(two, -3)], found.ModelOutputs);
        Assert.Equal([one], (await GetRunAsync(other)).ModelInputs);

        // A deleted model was used all the same.
        await ChangeAsync(one, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });
        Assert.Equal([two, one], (await GetRunAsync(run)).ModelInputs);
    }

    [Fact]
    public async Task A_search_reads_inputs_and_outputs_when_it_is_asked_for_datasets()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModelId model = (await CreateModelAsync()).Id;
        RunId run = await StartRunAsync();
        await LogAsync(
            new TrackingRecord.DatasetUsed(run, s_wine with { Tags = Pairs(("split", "80/20")) }), new TrackingRecord.ModelUsed(run, model), new TrackingRecord.ModelProduced(run, new LoggedModelOutput(model, 2)));

        foreach (bool asked in (bool[])[true, false])
        {
            RunDetails found = Assert.Single((await Store.FindRunsAsync(new RunQuery { Fields = RunFields.None with { Datasets = asked } }, new PageRequest(), Cancellation)).Items);
            Assert.Equal(asked ? [model] : [], found.ModelInputs);
            Assert.Equal(asked ? [new LoggedModelOutput(model, 2)] : [], found.ModelOutputs);
            Assert.Equal(asked ? ["80/20"] : [], found.Datasets.Select(dataset => dataset.Tags["split"]));
        }
    }

    [Fact]
    public async Task Tags_of_a_dataset_input_are_kept_for_each_run_and_role_and_the_last_value_wins()
    {
        RunId run = await StartRunAsync(), other = await StartRunAsync();

        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine with { Tags = Pairs(("split", "1"), ("any key: ä/../'", "")) }));
        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine with { Role = null, Tags = Pairs(("split", "3")) }), new TrackingRecord.DatasetUsed(other, s_wine));
        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine with { Tags = Pairs(("split", "2"), ("rows", "178")) }), new TrackingRecord.DatasetUsed(run, s_wine));
        await ReopenAsync();

        RunDetails found = await GetRunAsync(run);
        Assert.Equal(["training", null], found.Datasets.Select(dataset => dataset.Role));
        Assert.Equal(Pairs(("split", "2"), ("any key: ä/../'", ""), ("rows", "178")), found.Datasets[0].Tags);
        Assert.Equal(Pairs(("split", "3")), found.Datasets[1].Tags);
        Assert.Equal([s_wine], (await GetRunAsync(other)).Datasets);
    }

    [Fact]
    public async Task Tags_of_a_dataset_input_keep_to_their_limits()
    {
        RunId run = await StartRunAsync();
        string key = new('k', Limits.InputTagKeyLength), value = new('v', Limits.InputTagValueLength);
        Dictionary<string, string>[] illegal =
        [
            Pairs(("", "v")), Pairs((key + "k", "v")), Pairs((key, value + "v")), Pairs(("mlflow.data.context", "training")),
        ];

        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine with { Tags = Pairs((key, value)) }));
        foreach (Dictionary<string, string> tags in illegal)
            await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.DatasetUsed(run, s_wine with { Tags = tags }));

        Assert.Equal(Pairs((key, value)), Assert.Single((await GetRunAsync(run)).Datasets).Tags);
    }

    [Fact]
    public async Task Tags_of_a_dataset_input_go_with_the_purge_of_the_run()
    {
        Needs(StoreCapabilities.Purge);
        RunId gone = await StartRunAsync();
        await LogAsync(new TrackingRecord.DatasetUsed(gone, s_wine with { Tags = Pairs(("split", "1")) }));
        await PurgeAsync(gone);
        RunId later = await StartRunAsync();

        await LogAsync(new TrackingRecord.DatasetUsed(later, s_wine));

        Assert.Equal([s_wine], (await GetRunAsync(later)).Datasets);
        if (Store.Capabilities.HasFlag(StoreCapabilities.Maintenance))
            Assert.Empty(await CheckAsync());
    }
}
