using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    private static readonly DatasetInput s_wine = new()
    {
        Name = "wine",
        Digest = "d1",
        SourceType = "http",
        Source = "https://example.org/wine.csv",
        Schema = """{"columns":["alcohol"]}""",
        Profile = """{"rows":178}""",
        Role = "training",
    };

    [Fact]
    public async Task Datasets_come_back_whole_and_in_the_order_in_which_they_were_logged()
    {
        RunId run = await StartRunAsync();
        DatasetInput bare = new() { Name = "beer", Digest = "d0" };

        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine));
        await LogAsync(new TrackingRecord.DatasetUsed(run, bare));
        await ReopenAsync();

        Assert.Equal([s_wine, bare], (await GetRunAsync(run)).Datasets);
    }

    [Fact]
    public async Task The_same_dataset_in_the_same_role_is_one_input_and_in_another_role_a_second()
    {
        RunId run = await StartRunAsync();

        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine), new TrackingRecord.DatasetUsed(run, s_wine), new TrackingRecord.DatasetUsed(run, s_wine with { Role = "validation" }));
        await LogAsync(new TrackingRecord.DatasetUsed(run, s_wine with { Role = null }), new TrackingRecord.DatasetUsed(run, s_wine), new TrackingRecord.DatasetUsed(run, s_wine with { Role = null }));

        Assert.Equal(["training", "validation", null], (await GetRunAsync(run)).Datasets.Select(dataset => dataset.Role));
    }

    [Fact]
    public async Task A_dataset_is_what_was_first_logged_under_its_name_and_digest_in_the_experiment()
    {
        RunId first = await StartRunAsync(), second = await StartRunAsync(), elsewhere = await StartRunAsync("other");
        DatasetInput other = s_wine with { Source = "https://example.org/moved.csv", Profile = null, Role = "validation" };
        await LogAsync(new TrackingRecord.DatasetUsed(first, s_wine));

        await LogAsync(
            new TrackingRecord.DatasetUsed(second, other), new TrackingRecord.DatasetUsed(second, other with { Digest = "d2" }), new TrackingRecord.DatasetUsed(elsewhere, other));

        Assert.Equal([s_wine with { Role = "validation" }, other with { Digest = "d2" }], (await GetRunAsync(second)).Datasets);
        Assert.Equal([other], (await GetRunAsync(elsewhere)).Datasets);
    }

    [Fact]
    public async Task A_dataset_keeps_to_its_limits()
    {
        RunId run = await StartRunAsync();
        DatasetInput largest = new()
        {
            Name = new string('n', Limits.DatasetNameLength),
            Digest = new string('d', Limits.DatasetDigestLength),
            Source = new string('s', Limits.DatasetSourceLength),
            Schema = new string('c', Limits.DatasetSchemaLength),
            Role = new string('r', Limits.DatasetRoleLength),
        };
        DatasetInput[] tooLarge =
        [
            s_wine with { Name = "" },
            s_wine with { Digest = "" },
            largest with { Name = largest.Name + "n" },
            largest with { Digest = largest.Digest + "d" },
            largest with { Source = largest.Source + "s" },
            largest with { Schema = largest.Schema + "c" },
            largest with { Role = largest.Role + "r" },
            s_wine with { Profile = new string('p', Limits.DatasetProfileLength + 1) },
        ];

        await LogAsync(new TrackingRecord.DatasetUsed(run, largest));
        foreach (DatasetInput dataset in tooLarge)
            await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.DatasetUsed(run, dataset));

        Assert.Equal([largest], (await GetRunAsync(run)).Datasets);
    }
}
