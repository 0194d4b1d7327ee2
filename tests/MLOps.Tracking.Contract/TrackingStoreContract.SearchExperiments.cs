using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Experiments_are_found_by_name()
    {
        await MakeExperimentsAsync("churn-eu", "churn-us", "Churn-old", "fraud", Injection);

        await AssertExperimentsAsync(
            ("name = 'fraud'", "fraud"),
            ("name = 'Fraud'", ""),
            ("name != 'fraud' AND name != 'Default'", $"{Injection}|Churn-old|churn-us|churn-eu"),
            ("name LIKE 'churn-%'", "churn-us|churn-eu"),
            ("name like 'churn-__'", "churn-us|churn-eu"),
            ("name ILIKE 'CHURN-%'", "Churn-old|churn-us|churn-eu"),
            ("attribute.name IN ('fraud', 'churn-eu', 'x')", "fraud|churn-eu"),
            ("name NOT IN ('fraud', 'churn-eu', 'Default', 'Churn-old', 'churn-us')", Injection),
            ($"name = \"{Injection}\"", Injection),
            ($"name LIKE \"%{Injection}\"", Injection),
            ("", $"{Injection}|fraud|Churn-old|churn-us|churn-eu|Default"));
    }

    [Fact]
    public async Task Experiments_are_found_by_time()
    {
        await MakeExperimentsAsync("a", "b", "c");
        long b = (await GetExperimentAsync("b")).CreatedAt.ToUnixTimeMilliseconds();

        await AssertExperimentsAsync(
            ($"creation_time = {b}", "b"),
            ($"creation_time > {b}", "c"),
            ($"creation_time >= {b}", "c|b"),
            ($"creation_time < {b} AND name != 'Default'", "a"),
            ($"attribute.creation_time != {b} AND creation_time > {b - 60_001}", "c|a"),
            ($"last_update_time <= {b} AND last_update_time >= {b}", "b"),
            ("last_update_time > 1e300", ""));
    }

    [Fact]
    public async Task Experiments_are_found_by_the_time_of_their_last_change()
    {
        Needs(StoreCapabilities.SoftDelete);
        await MakeExperimentsAsync("a", "b", "c");
        await Store.SetExperimentLifecycleAsync((await GetExperimentAsync("a")).Id, Lifecycle.Deleted, Cancellation);
        await Store.SetExperimentLifecycleAsync((await GetExperimentAsync("a")).Id, Lifecycle.Active, Cancellation);

        await AssertExperimentsAsync(($"last_update_time >= {NowMs}", "a"));
        Assert.Equal(["a", "c", "b", "Default"], await FindNamesAsync(ExperimentQuery.Parse(null, "last_update_time DESC")));
    }

    [Fact]
    public async Task Experiments_are_found_and_ordered_by_tags()
    {
        await MakeExperimentsAsync("a", "b", "c", "d");
        foreach ((string name, string key, string value) in ((string, string, string)[])
            [("a", "team", "risk"), ("b", "team", "Risk"), ("c", "team", "fraud"), ("a", "stage", ""), ("c", "a b", Injection)])
            await Store.SetExperimentTagAsync((await GetExperimentAsync(name)).Id, key, value, Cancellation);

        await AssertExperimentsAsync(
            ("tags.team = 'risk'", "a"),
            ("tag.team != 'risk'", "c|b"),
            ("tags.team LIKE 'r%'", "a"),
            ("tags.team ILIKE 'r%'", "b|a"),
            ("tags.team IS NULL", "d|Default"),
            ("tags.team IS NOT NULL", "c|b|a"),
            ("tags.stage = ''", "a"),
            ("tags.stage != ''", ""),
            ($"tags.`a b` = \"{Injection}\"", "c"),
            ("tags.team IS NOT NULL AND tags.stage IS NULL AND name != 'b'", "c"));
        Assert.Equal(["b", "c", "a", "d", "Default"], await FindNamesAsync(ExperimentQuery.Parse(null, "tags.team")));
        Assert.Equal(["a", "c", "b", "d", "Default"], await FindNamesAsync(ExperimentQuery.Parse(null, "tags.team DESC")));
        foreach (int size in (int[])[1, 2, 3, 4, 5])
            Assert.Equal(["a", "c", "b", "d", "Default"], await FindNamesAsync(ExperimentQuery.Parse(null, "tags.team DESC"), size));
    }

    [Fact]
    public async Task Experiments_are_ordered_and_ids_as_numbers()
    {
        await MakeExperimentsAsync([.. Enumerable.Range(1, 11).Select(i => $"e{i}")]);
        string[] oldest = ["Default", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10", "e11"];

        Assert.Equal(oldest.Reverse(), await FindNamesAsync(new ExperimentQuery()));
        Assert.Equal(oldest, await FindNamesAsync(ExperimentQuery.Parse(null, "experiment_id")));
        Assert.Equal(oldest.Reverse(), await FindNamesAsync(ExperimentQuery.Parse(null, "experiment_id DESC")));
        Assert.Equal(oldest, await FindNamesAsync(ExperimentQuery.Parse(null, "creation_time ASC")));
        Assert.Equal(["Default", "e1", "e10", "e11", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9"], await FindNamesAsync(ExperimentQuery.Parse(null, "name")));
        foreach (int size in (int[])[1, 2, 3, 5, 12])
        {
            Assert.Equal(oldest.Reverse(), await FindNamesAsync(new ExperimentQuery(), size));
            Assert.Equal(oldest, await FindNamesAsync(ExperimentQuery.Parse(null, "experiment_id"), size));
            Assert.Equal(["e9", "e8", "e7", "e6"], (await FindNamesAsync(ExperimentQuery.Parse(null, "name DESC"), size))[..4]);
        }
    }

    [Fact]
    public async Task Experiments_that_are_equal_in_an_order_are_ordered_by_id()
    {
        foreach (string name in (string[])["a", "b", "c"])
            await Store.CreateExperimentAsync(name, null, Cancellation);

        Assert.Equal(["Default", "a", "b", "c"], await FindNamesAsync(new ExperimentQuery()));
        Assert.Equal(["Default", "a", "b", "c"], await FindNamesAsync(new ExperimentQuery(), size: 1));
        Assert.Equal(["c", "b", "a", "Default"], await FindNamesAsync(ExperimentQuery.Parse(null, "creation_time DESC")));
        Assert.Equal(["c", "b", "a", "Default"], await FindNamesAsync(ExperimentQuery.Parse(null, "last_update_time"), size: 1));
    }

    [Fact]
    public async Task Deleted_experiments_are_found_when_they_are_asked_for()
    {
        Needs(StoreCapabilities.SoftDelete);
        await MakeExperimentsAsync("a", "b");
        await Store.SetExperimentLifecycleAsync((await GetExperimentAsync("b")).Id, Lifecycle.Deleted, Cancellation);

        Assert.Equal(["a", "Default"], await FindNamesAsync(new ExperimentQuery()));
        Assert.Equal(["b"], await FindNamesAsync(new ExperimentQuery { Lifecycle = Lifecycle.Deleted }));
        Assert.Equal(["b", "a", "Default"], await FindNamesAsync(new ExperimentQuery { Lifecycle = null }));
        Assert.Empty(await FindNamesAsync(ExperimentQuery.Parse("name = 'b'")));
    }

    [Fact]
    public async Task Pages_of_experiments_hold_their_place_and_their_question()
    {
        await MakeExperimentsAsync("a", "b", "c", "d");
        ExperimentQuery query = new();
        string token = (await Store.FindExperimentsAsync(query, new PageRequest { Size = 2 }, Cancellation)).NextToken!;
        await MakeExperimentsAsync("e", "f");

        Page<Experiment> next = await Store.FindExperimentsAsync(query, new PageRequest { Size = 2, Token = token }, Cancellation);

        Assert.Equal(["b", "a"], next.Items.Select(experiment => experiment.Name));
        foreach (ExperimentQuery other in (ExperimentQuery[])[query with { Lifecycle = null }, query with { OrderBy = [ExperimentField.Id.Ascending] }, query with { Filter = ExperimentField.Name.Like("%") }])
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindExperimentsAsync(other, new PageRequest { Token = token }, Cancellation));
        await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindExperimentsAsync(query, new PageRequest { Token = token[1..] }, Cancellation));
        await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindRunsAsync(new RunQuery(), new PageRequest { Token = token }, Cancellation));
    }

    [Fact]
    public async Task Patterns_on_runs_and_on_experiments_take_turns()
    {
        await MakeExperimentsAsync("churn-1", "churn-2", "fraud");
        await LogAsync([.. "abc".Select(name => Started(new RunId($"{name}"), "fraud") with { Name = $"run-{name}" })]);

        for (int turn = 0; turn < 3; turn++)
        {
            Assert.Equal(["b"], (await FindRunIdsAsync(RunQuery.Parse("run_name ILIKE '%B'"))).Select(id => id.Value));
            Assert.Equal(["churn-2", "churn-1"], await FindNamesAsync(ExperimentQuery.Parse("name LIKE '%churn%' AND name ILIKE '%-%'")));
            Assert.Equal(["a", "b", "c"], (await FindRunIdsAsync(RunQuery.Parse("run_name ILIKE 'RUN%' AND run_name LIKE '%-%' AND user_id ILIKE '%'"))).Select(id => id.Value).Order());
            Assert.Equal(["fraud"], await FindNamesAsync(ExperimentQuery.Parse("name ILIKE 'F%'")));
        }
    }

    private async Task MakeExperimentsAsync(params string[] names)
    {
        foreach (string name in names)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await Store.CreateExperimentAsync(name, null, Cancellation);
        }

        Clock.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task AssertExperimentsAsync(params (string Filter, string Names)[] cases)
    {
        foreach ((string filter, string expected) in cases)
            Assert.Equal((filter, expected), (filter, string.Join('|', await FindNamesAsync(ExperimentQuery.Parse(filter)))));
    }

    private async Task<List<string>> FindNamesAsync(ExperimentQuery query, int size = 1000)
    {
        List<string> names = [];
        string? token = null;
        do
        {
            Page<Experiment> page = await Store.FindExperimentsAsync(query, new PageRequest { Size = size, Token = token }, Cancellation);
            names.AddRange(page.Items.Select(experiment => experiment.Name));
            token = page.NextToken;
        }
        while (token is not null);
        return names;
    }
}
