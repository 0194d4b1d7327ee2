using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_run_comes_back_as_it_was_started()
    {
        RunId parent = RunId.New(Clock), id = RunId.New(Clock);
        await LogAsync(new TrackingRecord.RunStarted(id, 1_767_000_000_123)
        {
            ExperimentName = "churn",
            Name = "brave-otter",
            User = "ada",
            Parent = parent,
            ArtifactLocation = "file:///data/x/artifacts",
        });
        await ReopenAsync();

        RunDetails run = await GetRunAsync(id);

        Assert.Equal(
            new RunInfo
            {
                Id = id,
                ExperimentId = (await GetExperimentAsync("churn")).Id,
                Name = "brave-otter",
                Status = RunStatus.Running,
                StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_767_000_000_123),
                EndedAt = null,
                Parent = parent,
                User = "ada",
                ArtifactLocation = "file:///data/x/artifacts",
                Lifecycle = Lifecycle.Active,
            },
            run.Info);
        Assert.Equal(new Dictionary<string, string> { ["mlflow.runName"] = "brave-otter", ["mlflow.parentRunId"] = parent.Value }, run.Tags);
        Assert.Empty(run.Params);
        Assert.Empty(run.Metrics);
        Assert.Empty(run.Datasets);
    }

    [Fact]
    public async Task The_first_run_of_a_name_makes_the_experiment_and_later_ones_join_it()
    {
        RunId first = await StartRunAsync(), second = await StartRunAsync();

        ExperimentId churn = (await GetExperimentAsync("churn")).Id;
        Assert.Equal([churn, churn], [(await GetRunAsync(first)).Info.ExperimentId, (await GetRunAsync(second)).Info.ExperimentId]);
    }

    [Fact]
    public async Task A_run_starts_in_an_experiment_by_its_id()
    {
        RunId id = RunId.New();

        await LogAsync(new TrackingRecord.RunStarted(id, NowMs) { ExperimentId = ExperimentId.Default });

        Assert.Equal(ExperimentId.Default, (await GetRunAsync(id)).Info.ExperimentId);
    }

    [Fact]
    public async Task An_experiment_id_that_does_not_exist_is_refused()
    {
        RunId id = RunId.New();

        await AssertRefusedAsync(RejectionReason.UnknownExperiment, new TrackingRecord.RunStarted(id, NowMs) { ExperimentId = new ExperimentId("77") });
        await AssertRefusedAsync(RejectionReason.UnknownExperiment, new TrackingRecord.RunStarted(id, NowMs) { ExperimentId = new ExperimentId("x") });

        Assert.Null(await Store.FindRunAsync(id, Cancellation));
    }

    [Fact]
    public async Task A_run_without_a_location_keeps_its_artifacts_under_its_experiment()
    {
        Experiment churn = await Store.CreateExperimentAsync("churn", "file:///data/churn", Cancellation);

        RunId id = await StartRunAsync();

        Assert.Equal($"{churn.ArtifactLocation}/{id}/artifacts", (await GetRunAsync(id)).Info.ArtifactLocation);
    }

    [Fact]
    public async Task A_run_without_a_name_is_called_by_the_first_eight_characters_of_its_id()
    {
        RunId longId = await StartRunAsync(), shortId = new("r1");
        await LogAsync(Started(shortId));

        foreach (RunId id in (RunId[])[longId, shortId])
        {
            RunDetails run = await GetRunAsync(id);
            string name = id.Value[..Math.Min(8, id.Value.Length)];
            Assert.Equal((name, name), (run.Info.Name, run.Tags["mlflow.runName"]));
        }
    }

    [Fact]
    public async Task A_name_and_its_tag_follow_each_other()
    {
        RunId id = RunId.New();
        await LogAsync(Started(id), new TrackingRecord.TagSet(id, "mlflow.runName", "by-tag"));
        RunDetails byTag = await GetRunAsync(id);

        await LogAsync(new TrackingRecord.RunUpdated(id) { Name = "by-update" });
        await ReopenAsync();
        RunDetails byUpdate = await GetRunAsync(id);

        Assert.Equal(("by-tag", "by-tag"), (byTag.Info.Name, byTag.Tags["mlflow.runName"]));
        Assert.Equal(("by-update", "by-update"), (byUpdate.Info.Name, byUpdate.Tags["mlflow.runName"]));
    }

    [Fact]
    public async Task A_parent_and_its_tag_follow_each_other()
    {
        RunId parent = await StartRunAsync(), child = await StartRunAsync();

        await LogAsync(new TrackingRecord.TagSet(child, "mlflow.parentRunId", parent.Value));
        await ReopenAsync();
        Assert.Equal(parent, (await GetRunAsync(child)).Info.Parent);
        Assert.Equal([child], await FindRunIdsAsync(new RunQuery { Parent = parent }));

        await LogAsync(new TrackingRecord.TagDeleted(child, "mlflow.parentRunId"));
        Assert.Null((await GetRunAsync(child)).Info.Parent);
        Assert.Empty(await FindRunIdsAsync(new RunQuery { Parent = parent }));
    }

    [Fact]
    public async Task A_parent_tag_that_is_no_run_id_is_kept_as_a_tag_only()
    {
        RunId run = await StartRunAsync();

        await LogAsync(new TrackingRecord.TagSet(run, "mlflow.parentRunId", "../x"));

        RunDetails kept = await GetRunAsync(run);
        Assert.Equal((null, "../x"), (kept.Info.Parent, kept.Tags["mlflow.parentRunId"]));
    }

    [Fact]
    public async Task A_run_ends_and_runs_again()
    {
        RunId id = await StartRunAsync();

        await LogAsync(new TrackingRecord.RunUpdated(id) { Status = RunStatus.Failed, EndedAtMs = NowMs + 5 });
        await ReopenAsync();
        RunInfo ended = (await GetRunAsync(id)).Info;
        await LogAsync(new TrackingRecord.RunUpdated(id) { Status = RunStatus.Running });
        RunInfo running = (await GetRunAsync(id)).Info;

        Assert.Equal((RunStatus.Failed, Clock.GetUtcNow().AddMilliseconds(5)), (ended.Status, ended.EndedAt));
        Assert.Equal((RunStatus.Running, null), (running.Status, running.EndedAt));
        Assert.Equal(ended.StartedAt, running.StartedAt);
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names()
    {
        RunId id = RunId.New();
        await LogAsync(
            Started(id) with { Name = "otter", Status = RunStatus.Scheduled },
            new TrackingRecord.RunUpdated(id) { EndedAtMs = 7 },
            new TrackingRecord.RunUpdated(id) { Name = "beaver" },
            new TrackingRecord.RunUpdated(id));

        RunInfo run = (await GetRunAsync(id)).Info;

        Assert.Equal(("beaver", RunStatus.Scheduled, DateTimeOffset.FromUnixTimeMilliseconds(7)), (run.Name, run.Status, run.EndedAt));
    }

    [Fact]
    public async Task A_run_is_started_once()
    {
        RunId id = await StartRunAsync();

        await AssertRefusedAsync(RejectionReason.RunExists, Started(id, "other") with { Name = "thief" });

        Assert.Equal((await GetExperimentAsync("churn")).Id, (await GetRunAsync(id)).Info.ExperimentId);
        Assert.Null(await Store.FindExperimentAsync("other", Cancellation));
    }

    [Fact]
    public async Task Nothing_is_written_to_a_run_that_does_not_exist()
    {
        RunId unknown = RunId.New();

        foreach (TrackingRecord record in OneOfEachChange(unknown))
            await AssertRefusedAsync(RejectionReason.UnknownRun, record);

        Assert.Null(await Store.FindRunAsync(unknown, Cancellation));
    }

    [Fact]
    public async Task A_start_that_makes_no_sense_is_refused()
    {
        RunId id = RunId.New();

        await AssertRefusedAsync(RejectionReason.Invalid, Started(default));
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.RunStarted(id, NowMs));
        await AssertRefusedAsync(RejectionReason.Invalid, Started(id) with { ExperimentId = ExperimentId.Default });
        await AssertRefusedAsync(RejectionReason.Invalid, Started(id) with { StartedAtMs = -1 });
        await AssertRefusedAsync(RejectionReason.Invalid, Started(id) with { StartedAtMs = long.MaxValue });
        await AssertRefusedAsync(RejectionReason.Invalid, Started(id) with { Status = (RunStatus)9 });
        await AssertRefusedAsync(RejectionReason.Invalid, Started(id) with { Name = new string('n', Limits.TagValueLength + 1) });

        Assert.Null(await Store.FindRunAsync(id, Cancellation));
    }

    [Fact]
    public async Task An_update_that_makes_no_sense_is_refused()
    {
        RunId id = await StartRunAsync();
        RunInfo before = (await GetRunAsync(id)).Info;

        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.RunUpdated(id) { Status = 0 });
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.RunUpdated(id) { EndedAtMs = -1 });
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.RunUpdated(id) { EndedAtMs = long.MaxValue });

        Assert.Equal(before, (await GetRunAsync(id)).Info);
    }

    [Fact]
    public async Task Runs_are_found_newest_start_first_and_then_by_id()
    {
        RunId old = new("z"), b = new("b"), a = new("a"), c = new("C");
        await LogAsync(
            Started(b) with { StartedAtMs = 200 }, Started(old) with { StartedAtMs = 100 }, Started(a) with { StartedAtMs = 200 }, Started(c) with { StartedAtMs = 200 });

        Assert.Equal([c, a, b, old], await FindRunIdsAsync(new RunQuery()));
    }

    [Fact]
    public async Task Runs_are_found_with_all_that_belongs_to_them()
    {
        RunId id = await StartRunAsync();
        await LogAsync([.. OneOfEachChange(id).Where(record => record is not TrackingRecord.TagDeleted)]);
        await StartRunAsync();

        await foreach (RunDetails found in Store.FindRunsAsync(new RunQuery(), Cancellation))
        {
            RunDetails alone = await GetRunAsync(found.Info.Id);
            Assert.Equal(alone.Info, found.Info);
            Assert.Equal(alone.Params, found.Params);
            Assert.Equal(alone.Tags, found.Tags);
            Assert.Equal(alone.Metrics, found.Metrics);
        }
    }

    [Fact]
    public async Task Runs_are_found_by_experiment_and_by_parent()
    {
        RunId churnRun = await StartRunAsync("churn"), fraudRun = await StartRunAsync("fraud"), child = RunId.New();
        await LogAsync(Started(child, "fraud") with { Parent = fraudRun, StartedAtMs = NowMs + 1 });
        ExperimentId churn = (await GetExperimentAsync("churn")).Id, fraud = (await GetExperimentAsync("fraud")).Id;

        Assert.Equal([churnRun], await FindRunIdsAsync(new RunQuery { Experiments = [churn] }));
        Assert.Equal([child, fraudRun], await FindRunIdsAsync(new RunQuery { Experiments = [fraud] }));
        Assert.Equal(3, (await FindRunIdsAsync(new RunQuery { Experiments = [churn, fraud] })).Count);
        Assert.Equal([child], await FindRunIdsAsync(new RunQuery { Parent = fraudRun }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { Parent = fraudRun, Experiments = [churn] }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { Experiments = [] }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { Experiments = [new ExperimentId("77")] }));
    }

    [Fact]
    public async Task Runs_are_found_by_lifecycle_and_deleted_ones_only_when_asked_for()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId kept = await StartRunAsync(), deleted = await StartRunAsync();
        await Store.SetRunLifecycleAsync(deleted, Lifecycle.Deleted, Cancellation);

        Assert.Equal([kept], await FindRunIdsAsync(new RunQuery()));
        Assert.Equal([deleted], await FindRunIdsAsync(new RunQuery { Lifecycle = Lifecycle.Deleted }));
        Assert.Equal(2, (await FindRunIdsAsync(new RunQuery { Lifecycle = null })).Count);
    }
}
