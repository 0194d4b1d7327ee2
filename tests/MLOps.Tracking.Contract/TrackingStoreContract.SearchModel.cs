using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    /// <summary>Asks the store and one in memory, which got the same records, the same questions by chance, and reads the answers page by page.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_is_asked_is_answered_like_the_store_in_memory(int seed)
    {
        Random random = new(seed);
        SearchWorld world = new(random, Store.Capabilities.HasFlag(StoreCapabilities.NonFiniteValues));
        await using InMemoryTrackingStore memory = new(Clock);
        ITrackingStore[] stores = [Store, memory];
        await PopulateAsync(world, random, stores);
        List<ExperimentId> experiments = [.. (await memory.FindExperimentsAsync(new ExperimentQuery(), new PageRequest(), Cancellation)).Items.Select(experiment => experiment.Id)];
        int found = 0, some = 0;

        int questions = TestLength.Of(75, 2500);
        for (int i = 0; i < questions; i++)
        {
            RunQuery query = world.Query(experiments);
            int size = random.Next(1, SearchWorld.Runs / 2);
            string? token = null;
            do
            {
                PageRequest page = new() { Size = size, Token = token };
                Page<RunDetails> expected = await memory.FindRunsAsync(query, page, Cancellation), actual = await Store.FindRunsAsync(query, page, Cancellation);
                string question = $"Seed {seed}, question {i}, page of {size} after {token ?? "nothing"}: {query.Canonical}";
                AssertSame(question, expected.Items, actual.Items);
                Assert.True((expected.NextToken is null) == (actual.NextToken is null), $"{question}: only one store has a next page.");
                token = actual.NextToken;
                found += actual.Items.Count;
                some += actual.Items.Count > 0 ? 1 : 0;
            }
            while (token is not null);
        }

        // Questions that find nothing prove little.
        Assert.True(some > questions / 3 && found > questions, $"Seed {seed}: {questions} questions found {found} runs on {some} pages.");
    }

    private async Task PopulateAsync(SearchWorld world, Random random, ITrackingStore[] stores)
    {
        foreach (string experiment in SearchWorld.Experiments[1..])
        {
            foreach (ITrackingStore store in stores)
                await store.CreateExperimentAsync(experiment, null, Cancellation);
        }

        Clock.SetUtcNow(Clock.GetUtcNow().AddMilliseconds(1));
        bool leases = Store.Capabilities.HasFlag(StoreCapabilities.Leases);
        TestJournal gone = new(Clock), alive = new(Clock);
        for (int run = 0; run < SearchWorld.Runs; run++)
        {
            TrackingRecord[] records = world.Records(run);
            RecordBatch batch = random.Next(3) switch { 0 when leases => gone.Next(records), 1 when leases => alive.Next(records), _ => new RecordBatch { Records = records } };
            bool delete = random.Next(5) == 0 && Store.Capabilities.HasFlag(StoreCapabilities.SoftDelete);
            foreach (ITrackingStore store in stores)
            {
                Assert.Empty((await store.AppendAsync(batch, Cancellation)).Rejections);
                if (delete)
                    await store.SetRunLifecycleAsync(world.Ids[run], Lifecycle.Deleted, Cancellation);
            }
        }

        Clock.Advance(TestJournal.LeaseDuration - s_second);
        foreach (ITrackingStore store in leases ? stores : [])
            await store.RenewLeasesAsync(alive.Owner, TestJournal.LeaseDuration, Cancellation);
        Clock.Advance(s_second);
    }

    private static void AssertSame(string question, IReadOnlyList<RunDetails> expected, IReadOnlyList<RunDetails> actual)
    {
        string[] ids = [.. expected.Select(run => run.Info.Id.Value)], found = [.. actual.Select(run => run.Info.Id.Value)];
        Assert.True(ids.SequenceEqual(found), $"{question}\nexpected {string.Join(' ', ids)}\nfound    {string.Join(' ', found)}");
        foreach ((RunDetails run, RunDetails other) in expected.Zip(actual))
        {
            Assert.Equal((question, run.Info), (question, other.Info));
            Assert.Equal(run.Metrics, other.Metrics);
            Assert.Equal(run.Params, other.Params);
            Assert.Equal(run.Tags, other.Tags);
            Assert.Equal(run.Datasets, other.Datasets);
        }
    }
}
