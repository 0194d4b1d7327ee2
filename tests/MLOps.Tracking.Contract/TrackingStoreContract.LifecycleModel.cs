using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    private enum Fate
    {
        Active,
        Deleted,
        Purging,
        Purged,
    }

    /// <summary>Compares the store with a few lines of plain rules, over many deletions, restorations and purges in any order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_is_deleted_restored_and_purged_in_any_order_follows_the_rules(int seed)
    {
        Needs(StoreCapabilities.Purge);
        Random random = new(seed);
        TestJournal journal = new(Clock);
        Dictionary<RunId, ModelRun> runs = [];
        Dictionary<ExperimentId, (string Name, bool IsDeleted)> experiments = new() { [ExperimentId.Default] = ("Default", false) };
        for (int act = 0; act < 400; act++)
        {
            ModelRun? any = runs.Count == 0 ? null : runs.ElementAt(random.Next(runs.Count)).Value;
            ExperimentId experiment = experiments.Count == 0 ? new ExperimentId("77") : experiments.ElementAt(random.Next(experiments.Count)).Key;
            switch (random.Next(10))
            {
                case 0 or 1:
                    await StartAsync($"e{random.Next(3)}");
                    break;
                case 2 or 3 when any is not null:
                    await LogAsync(any);
                    break;
                case 4 or 5 when any is not null:
                    await ChangeAsync(any, random.Next(3) > 0 ? Lifecycle.Deleted : Lifecycle.Active);
                    break;
                case 6 when experiments.ContainsKey(experiment):
                    await ChangeExperimentAsync(experiment, random.Next(2) > 0 ? Lifecycle.Deleted : Lifecycle.Active);
                    break;
                case 7:
                    await BeginAsync([.. runs.Values.Where(_ => random.Next(3) == 0)]);
                    break;
                case 8:
                    await EndAsync([.. runs.Values.Where(_ => random.Next(2) == 0)]);
                    break;
                default:
                    bool goes = !experiments.TryGetValue(experiment, out var known) || (known.IsDeleted && runs.Values.All(run => run.Experiment != experiment || run.Fate == Fate.Purged));
                    Assert.True(goes == await Store.PurgeExperimentAsync(experiment, Cancellation), $"Seed {seed}, act {act}");
                    if (goes)
                        experiments.Remove(experiment);
                    break;
            }

            if (random.Next(40) == 0)
                await ReopenAsync();
            await AssertFollowsAsync($"Seed {seed}, act {act}");
        }

        if (Store.Capabilities.HasFlag(StoreCapabilities.Maintenance))
            Assert.Empty(await CheckAsync());

        async Task StartAsync(string name)
        {
            ModelRun run = new(RunId.New(Clock));
            AppendResult result = await Store.AppendAsync(journal.Next(Started(run.Id, name)), Cancellation);
            if (experiments.Values.Contains((name, true)))
            {
                AssertOnlyRefusal(result.Rejections, 0, RejectionReason.ExperimentDeleted);
                return;
            }

            Assert.Empty(result.Rejections);
            run.Experiment = (await GetExperimentAsync(name)).Id;
            experiments[run.Experiment] = (name, false);
            runs.Add(run.Id, run);
        }

        async Task LogAsync(ModelRun run)
        {
            MetricPoint point = new(run.Points, NowMs, run.Points);
            AppendResult result = await Store.AppendAsync(journal.Next(Points(run.Id, point)), Cancellation);
            if (run.IsVisible)
                run.Points++;
            else
                AssertOnlyRefusal(result.Rejections, 0, RejectionReason.RunPurged);
        }

        async Task ChangeAsync(ModelRun run, Lifecycle lifecycle)
        {
            if (run.IsVisible)
            {
                await Store.SetRunLifecycleAsync(run.Id, lifecycle, Cancellation);
                run.Fate = lifecycle == Lifecycle.Deleted ? Fate.Deleted : Fate.Active;
            }
            else
            {
                await Assert.ThrowsAsync<RunPurgedException>(async () => await Store.SetRunLifecycleAsync(run.Id, lifecycle, Cancellation));
            }
        }

        async Task ChangeExperimentAsync(ExperimentId id, Lifecycle lifecycle)
        {
            (string name, bool wasDeleted) = experiments[id];
            await Store.SetExperimentLifecycleAsync(id, lifecycle, Cancellation);
            experiments[id] = (name, lifecycle == Lifecycle.Deleted);
            if (wasDeleted != (lifecycle == Lifecycle.Deleted))
            {
                foreach (ModelRun run in runs.Values.Where(run => run.Experiment == id && run.IsVisible))
                    run.Fate = lifecycle == Lifecycle.Deleted ? Fate.Deleted : Fate.Active;
            }
        }

        async Task BeginAsync(List<ModelRun> some)
        {
            IReadOnlyList<RunInfo> begun = await Store.BeginPurgeAsync([.. some.Select(run => run.Id)], Cancellation);
            foreach (ModelRun run in some.Where(run => run.Fate == Fate.Deleted))
                run.Fate = Fate.Purging;
            Assert.Equal(some.Where(run => run.Fate == Fate.Purging).Select(run => run.Id), begun.Select(run => run.Id));
        }

        async Task EndAsync(List<ModelRun> some)
        {
            await Store.EndPurgeAsync([.. some.Select(run => run.Id)], Cancellation);
            foreach (ModelRun run in some.Where(run => run.Fate == Fate.Purging))
                run.Fate = Fate.Purged;
        }

        async Task AssertFollowsAsync(string place)
        {
            foreach (Lifecycle lifecycle in (Lifecycle[])[Lifecycle.Active, Lifecycle.Deleted])
            {
                HashSet<RunId> expected = [.. runs.Values.Where(run => run.Fate == (Fate)lifecycle).Select(run => run.Id)];
                Assert.True(expected.SetEquals(await FindRunIdsAsync(new RunQuery { Lifecycle = lifecycle })), place);
                HashSet<string> names = [.. experiments.Values.Where(experiment => experiment.IsDeleted == (lifecycle == Lifecycle.Deleted)).Select(experiment => experiment.Name)];
                Assert.True(names.SetEquals(await FindExperimentNamesAsync(lifecycle)), place);
            }

            HashSet<RunId> purging = [.. runs.Values.Where(run => run.Fate == Fate.Purging).Select(run => run.Id)];
            Assert.True(purging.SetEquals((await Store.FindPurgingAsync(1_000, Cancellation)).Select(run => run.Id)), place);
            if (runs.Count > 0)
            {
                ModelRun run = runs.ElementAt(random.Next(runs.Count)).Value;
                Assert.True((run.IsVisible ? run.Points : 0) == (await GetPointsAsync(run.Id)).Count, place);
            }
        }
    }

    private sealed class ModelRun(RunId id)
    {
        public RunId Id => id;

        public ExperimentId Experiment { get; set; }

        public Fate Fate { get; set; }

        public int Points { get; set; }

        public bool IsVisible => Fate is Fate.Active or Fate.Deleted;
    }
}
