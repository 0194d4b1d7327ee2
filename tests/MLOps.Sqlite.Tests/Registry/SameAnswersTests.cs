using MLOps.Registry;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Tests.Registry;

/// <summary>The store in memory is the measure: whatever is committed, both answer alike.</summary>
public sealed class SameAnswersTests
{
    private const int Commits = 30, Searches = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_committed_every_answer_is_that_of_the_store_in_memory()
    {
        int first = Environment.TickCount & 0xFFFFFF;
        Dictionary<CommitOutcome, int> outcomes = [];
        for (int seed = first; seed < first + TestLength.Of(50, 500); seed++)
            await CompareAsync(seed, outcomes);

        // The commits are worth something when each outcome is met.
        Assert.Equal(Enum.GetValues<CommitOutcome>(), outcomes.Keys.Order());
    }

    [Fact]
    public async Task A_page_token_of_another_question_and_a_page_of_no_size_are_refused()
    {
        using RegistryFile file = new();
        await using SqliteRegistryStore store = file.Open();
        await RegistryFile.FillAsync(store, "fraud", 3);
        string token = (await store.FindVersionsAsync(new ModelVersionQuery(), new PageRequest { Size = 1 }, Cancel)).NextToken!;

        await Assert.ThrowsAsync<InvalidPageTokenException>(() => store.FindVersionsAsync(ModelVersionQuery.Parse("name = 'fraud'"), new PageRequest { Token = token }, Cancel).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.FindModelsAsync(new RegisteredModelQuery(), new PageRequest { Size = 0 }, Cancel).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.ReadAuditAsync(0, 10_001, Cancel).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.ReadAuditAsync(-1, 1, Cancel).AsTask());
    }

    private static async Task CompareAsync(int seed, Dictionary<CommitOutcome, int> outcomes)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        RegistryWorld world = new(random);
        using RegistryFile file = new();
        InMemoryRegistryStore measure = new();
        SqliteRegistryStore store = file.Open();
        try
        {
            for (int i = 1; i <= Commits; i++)
            {
                RegistryCommit commit = await world.NextAsync(measure);
                CommitOutcome expected = await measure.CommitAsync(commit, Cancel);
                Assert.Equal(expected, await store.CommitAsync(commit, Cancel));
                outcomes[expected] = outcomes.GetValueOrDefault(expected) + 1;
                if (i % 10 != 0)
                    continue;
                if (random.Next(3) == 0)
                {
                    await store.DisposeAsync();
                    store = file.Open();
                }

                Assert.Equal(await RegistryAnswers.AllAsync(measure, world), await RegistryAnswers.AllAsync(store, world));
            }

            for (int i = 0; i < Searches; i++)
            {
                (int which, int size) = (random.Next(10_000), random.Next(1, 5));
                Assert.Equal(await RegistryAnswers.SearchAsync(measure, which, size), await RegistryAnswers.SearchAsync(store, which, size));
            }
        }
        finally
        {
            await store.DisposeAsync();
        }
    }
}
