using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_logged_model_comes_back_as_it_was_made_pending_and_in_its_experiments_location()
    {
        Needs(StoreCapabilities.LoggedModels);
        Experiment churn = await Store.CreateExperimentAsync("churn", "memory:/churn/", Cancellation);
        NewLoggedModel asked = new()
        {
            Id = LoggedModelId.New(Clock),
            ExperimentId = churn.Id,
            Name = "naïve trees 2 – 日本",
            ModelType = "agent",
            SourceRunId = RunId.New(Clock),
            Params = Pairs(("depth", "3"), ("empty", "")),
            Tags = Pairs(("team", "growth")),
        };

        LoggedModel made = await Store.CreateLoggedModelAsync(asked, Cancellation);
        await ReopenAsync();
        LoggedModel model = await GetModelAsync(asked.Id);

        Assert.Equal(
            (asked.Id, churn.Id, asked.Name, "agent", asked.SourceRunId, LoggedModelStatus.Pending, "", Lifecycle.Active),
            (model.Id, model.ExperimentId, model.Name, model.ModelType, model.SourceRunId, model.Status, model.StatusMessage, model.Lifecycle));
        Assert.Equal((Clock.GetUtcNow(), Clock.GetUtcNow()), (model.CreatedAt, model.UpdatedAt));
        Assert.Equal($"memory:/churn/models/{asked.Id}/artifacts", model.ArtifactLocation);
        Assert.Equal(asked.Params, model.Params);
        Assert.Equal(asked.Tags, model.Tags);
        Assert.Empty(model.Metrics);
        AssertSameModel(made, model);
        Assert.Null(await Store.FindLoggedModelAsync(LoggedModelId.New(Clock), Cancellation));
    }

    [Fact]
    public async Task Making_a_logged_model_a_second_time_gives_the_one_there_is()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel first = await CreateModelAsync(name: "first");
        Clock.Advance(TimeSpan.FromMinutes(1));
        NewLoggedModel again = new() { Id = first.Id, ExperimentId = first.ExperimentId, Name = "second", Params = Pairs(("depth", "3")) };

        AssertSameModel(first, await Store.CreateLoggedModelAsync(again, Cancellation));

        // Whatever has become of it or of its experiment meanwhile.
        LoggedModel deleted = await ChangeAsync(first.Id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });
        await Store.SetExperimentLifecycleAsync(first.ExperimentId, Lifecycle.Deleted, Cancellation);
        AssertSameModel(deleted, await Store.CreateLoggedModelAsync(again, Cancellation));
    }

    [Fact]
    public async Task A_logged_model_is_made_only_in_an_experiment_in_use()
    {
        Needs(StoreCapabilities.LoggedModels);
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);

        await Assert.ThrowsAsync<ExperimentDeletedException>(async () => await CreateModelAsync(churn.Id));
        await Assert.ThrowsAsync<ExperimentNotFoundException>(async () => await CreateModelAsync(new ExperimentId("77")));
        await Assert.ThrowsAsync<ExperimentNotFoundException>(async () => await CreateModelAsync(new ExperimentId("churn")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("a.b")]
    [InlineData("a%b")]
    [InlineData("a\"b")]
    [InlineData("a'b")]
    public async Task The_name_of_a_logged_model_keeps_to_its_rule(string name)
    {
        Needs(StoreCapabilities.LoggedModels);

        Assert.NotNull(Limits.LoggedModelNameError(name));
        Assert.Throws<ArgumentException>(() => Limits.CheckLoggedModelName(name));
        await Assert.ThrowsAsync<ArgumentException>(async () => await CreateModelAsync(name: name));
    }

    [Fact]
    public async Task A_logged_model_keeps_to_its_limits()
    {
        Needs(StoreCapabilities.LoggedModels);
        NewLoggedModel largest = new()
        {
            Id = LoggedModelId.New(Clock),
            ExperimentId = ExperimentId.Default,
            Name = new string('n', Limits.LoggedModelNameLength),
            ModelType = new string('t', Limits.LoggedModelTypeLength),
            ArtifactLocation = "memory:/" + new string('l', Limits.LoggedModelLocationLength - 8),
            Params = Pairs((new string('k', Limits.KeyLength), new string('v', Limits.ParamValueLength))),
            Tags = Pairs((new string('k', Limits.KeyLength), new string('v', Limits.TagValueLength))),
        };
        LoggedModel made = await Store.CreateLoggedModelAsync(largest, Cancellation);
        Assert.Equal((largest.Name, largest.ModelType, largest.ArtifactLocation), (made.Name, made.ModelType, made.ArtifactLocation));
        Assert.Equal(largest.Params, made.Params);
        Assert.Equal(largest.Tags, made.Tags);

        NewLoggedModel small = new() { Id = LoggedModelId.New(Clock), ExperimentId = ExperimentId.Default, Name = "n" };
        NewLoggedModel[] illegal =
        [
            small with { Id = default },
            small with { Name = largest.Name + "n" },
            small with { ModelType = largest.ModelType + "t" },
            small with { ArtifactLocation = largest.ArtifactLocation + "l" },
            small with { ArtifactLocation = "models/here" },
            small with { Params = Pairs(("../k", "v")) },
            small with { Params = Pairs(("k", new string('v', Limits.ParamValueLength + 1))) },
            small with { Tags = Pairs(("", "v")) },
            small with { Tags = Pairs(("k", new string('v', Limits.TagValueLength + 1))) },
        ];
        foreach (NewLoggedModel model in illegal)
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.CreateLoggedModelAsync(model, Cancellation));
        Assert.Null(await Store.FindLoggedModelAsync(small.Id, Cancellation));
    }

    [Fact]
    public async Task A_change_sets_what_it_names_and_leaves_the_rest()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel made = await CreateModelAsync(parameters: Pairs(("depth", "3")), tags: Pairs(("team", "growth"), ("old", "1")));
        Clock.Advance(TimeSpan.FromMinutes(1));

        LoggedModel changed = await ChangeAsync(made.Id, new LoggedModelChange
        {
            Status = LoggedModelStatus.UploadFailed,
            StatusMessage = "The disk was full.",
            AddedParams = Pairs(("width", "")),
            SetTags = Pairs(("team", "risk"), ("new", "")),
            DeletedTags = ["old"],
        });
        await ReopenAsync();

        Assert.Equal((LoggedModelStatus.UploadFailed, "The disk was full.", made.CreatedAt, Clock.GetUtcNow()), (changed.Status, changed.StatusMessage, changed.CreatedAt, changed.UpdatedAt));
        Assert.Equal(Pairs(("depth", "3"), ("width", "")), changed.Params);
        Assert.Equal(Pairs(("team", "risk"), ("new", "")), changed.Tags);
        AssertSameModel(changed, await GetModelAsync(made.Id));

        LoggedModel ready = await ChangeAsync(made.Id, new LoggedModelChange { Status = LoggedModelStatus.Ready });
        AssertSameModel(changed with { Status = LoggedModelStatus.Ready }, ready);
    }

    [Fact]
    public async Task A_change_of_which_a_part_is_refused_changes_nothing()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel made = await CreateModelAsync(parameters: Pairs(("depth", "3")), tags: Pairs(("team", "growth")));
        Clock.Advance(TimeSpan.FromMinutes(1));
        LoggedModelChange change = new() { Status = LoggedModelStatus.Ready, AddedParams = Pairs(("width", "7")), SetTags = Pairs(("team", "risk")), DeletedTags = [] };

        LoggedModelParamChangedException again = await Assert.ThrowsAsync<LoggedModelParamChangedException>(
            async () => await ChangeAsync(made.Id, change with { AddedParams = Pairs(("width", "7"), ("depth", "3")) }));
        Assert.Equal((made.Id, "depth"), (again.Id, again.Key));
        LoggedModelTagNotFoundException missing = await Assert.ThrowsAsync<LoggedModelTagNotFoundException>(async () => await ChangeAsync(made.Id, change with { DeletedTags = ["never"] }));
        Assert.Equal((made.Id, "never"), (missing.Id, missing.Key));
        await Assert.ThrowsAsync<LoggedModelTagNotFoundException>(async () => await ChangeAsync(made.Id, change with { DeletedTags = ["width"] }));
        LoggedModelChange[] illegal =
        [
            change with { Status = (LoggedModelStatus)4 },
            change with { Lifecycle = (Lifecycle)2 },
            change with { StatusMessage = new string('m', Limits.LoggedModelStatusMessageLength + 1) },
            change with { AddedParams = Pairs(("/k", "v")) },
            change with { SetTags = Pairs(("k", new string('v', Limits.TagValueLength + 1))) },
            change with { DeletedTags = ["team"] },
            change with { SetTags = Pairs(), DeletedTags = ["team", "team"] },
        ];
        foreach (LoggedModelChange wrong in illegal)
            await Assert.ThrowsAsync<ArgumentException>(async () => await ChangeAsync(made.Id, wrong));
        await ReopenAsync();

        AssertSameModel(made, await GetModelAsync(made.Id));
        await Assert.ThrowsAsync<LoggedModelNotFoundException>(async () => await ChangeAsync(LoggedModelId.New(Clock), change));
    }

    [Fact]
    public async Task A_deleted_logged_model_is_found_and_can_be_restored_and_nothing_else()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel made = await CreateModelAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        LoggedModelChange delete = new() { Lifecycle = Lifecycle.Deleted }, restore = new() { Lifecycle = Lifecycle.Active };

        AssertSameModel(made, await ChangeAsync(made.Id, restore));
        LoggedModel deleted = await ChangeAsync(made.Id, delete);
        AssertSameModel(made with { Lifecycle = Lifecycle.Deleted, UpdatedAt = Clock.GetUtcNow() }, deleted);
        Clock.Advance(TimeSpan.FromMinutes(1));
        AssertSameModel(deleted, await ChangeAsync(made.Id, delete));
        LoggedModelChange[] others =
        [
            new(), new() { Status = LoggedModelStatus.Ready }, restore with { StatusMessage = "" }, restore with { SetTags = Pairs(("team", "growth")) }, delete with { AddedParams = Pairs(("depth", "3")) }, new() { DeletedTags = ["team"] },
        ];
        foreach (LoggedModelChange other in others)
            Assert.Equal(made.Id, (await Assert.ThrowsAsync<LoggedModelNotFoundException>(async () => await ChangeAsync(made.Id, other))).Id);
        await ReopenAsync();
        AssertSameModel(deleted, await GetModelAsync(made.Id));

        AssertSameModel(made with { UpdatedAt = Clock.GetUtcNow() }, await ChangeAsync(made.Id, restore));
        Assert.Equal(LoggedModelStatus.Ready, (await ChangeAsync(made.Id, new LoggedModelChange { Status = LoggedModelStatus.Ready })).Status);
    }

    [Fact]
    public async Task An_experiment_takes_its_logged_models_along_when_it_is_deleted_and_restored()
    {
        Needs(StoreCapabilities.LoggedModels);
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        LoggedModel one = await CreateModelAsync(churn.Id), two = await CreateModelAsync(churn.Id), elsewhere = await CreateModelAsync();
        await ChangeAsync(one.Id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });

        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);
        Assert.Equal([Lifecycle.Deleted, Lifecycle.Deleted, Lifecycle.Active], await ModelLifecyclesAsync(one, two, elsewhere));

        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Active, Cancellation);
        Assert.Equal([Lifecycle.Active, Lifecycle.Active, Lifecycle.Active], await ModelLifecyclesAsync(one, two, elsewhere));
    }

    [Fact]
    public async Task A_point_that_tells_of_a_model_is_kept_with_the_run_and_with_the_model_for_each_run_and_dataset()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel model = await CreateModelAsync();
        RunId first = await StartRunAsync(), second = await StartRunAsync();
        MetricPoint early = new(1, NowMs, 0.9), late = new(2, NowMs, 0.5), other = new(3, NowMs, double.NaN);

        await LogAsync(Points(first, late) with { Model = model.Id, DatasetName = "wine", DatasetDigest = "d1" }, Points(first, early) with { Model = model.Id, DatasetName = "wine", DatasetDigest = "d1" });
        await LogAsync(Points(first, early) with { Model = model.Id, DatasetName = "wine" }, Points(first, other) with { Model = model.Id });
        await LogAsync(Points(second, early, late) with { Model = model.Id, DatasetDigest = "d1" });
        await LogAsync(new TrackingRecord.PointsLogged(second, "auc", new[] { early }) { Model = model.Id });
        await LogAsync(Points(second, new MetricPoint(9, NowMs, 9)));
        await ReopenAsync();

        Assert.Equal([early, late, other], await GetPointsAsync(first));
        Assert.Equal([early, late, new MetricPoint(9, NowMs, 9)], await GetPointsAsync(second));
        LoggedModelMetric[] expected =
        [
            new("auc", early, second, null, null), new("loss", other, first, null, null), new("loss", early, first, "wine", null), new("loss", late, first, "wine", "d1"), new("loss", late, second, null, "d1"),
        ];
        Assert.Equal(
            expected.OrderBy(metric => metric.Key, StringComparer.Ordinal).ThenBy(metric => metric.RunId.Value, StringComparer.Ordinal)
                .ThenBy(metric => metric.DatasetName, StringComparer.Ordinal).ThenBy(metric => metric.DatasetDigest, StringComparer.Ordinal),
            (await GetModelAsync(model.Id)).Metrics);
        Assert.Equal(model.UpdatedAt, (await GetModelAsync(model.Id)).UpdatedAt);
    }

    [Fact]
    public async Task Many_points_of_a_model_from_many_batches_give_the_latest()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel model = await CreateModelAsync();
        RunId run = await StartRunAsync();
        for (int batch = 0; batch < 6; batch++)
        {
            MetricPoint[] points = [.. Enumerable.Range(0, 1500).Select(step => new MetricPoint((step * 6) + batch, NowMs, step))];
            await LogAsync(Points(run, points) with { Model = model.Id });
        }

        await LogAsync(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished });
        await LogAsync(Points(run, new MetricPoint(-5, NowMs, 5)) with { Model = model.Id });

        Assert.Equal(9001, (await GetPointsAsync(run)).Count);
        Assert.Equal([new LoggedModelMetric("loss", new MetricPoint(8999, NowMs, 1499), run, null, null)], (await GetModelAsync(model.Id)).Metrics);
        if (Store.Capabilities.HasFlag(StoreCapabilities.Maintenance))
        {
            Assert.Empty(await CheckAsync());
            await Store.CompactAsync(Cancellation);
            Assert.Empty(await CheckAsync());
        }
    }

    [Fact]
    public async Task What_speaks_of_a_model_that_is_unknown_or_deleted_is_refused_whole()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel deleted = await CreateModelAsync();
        await ChangeAsync(deleted.Id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });
        RunId run = await StartRunAsync();

        foreach (LoggedModelId model in (LoggedModelId[])[deleted.Id, LoggedModelId.New(Clock)])
        {
            await AssertRefusedAsync(RejectionReason.UnknownModel, Points(run, new MetricPoint(1, NowMs, 1)) with { Model = model });
            await AssertRefusedAsync(RejectionReason.UnknownModel, Points(run) with { Model = model });
            await AssertRefusedAsync(RejectionReason.UnknownModel, new TrackingRecord.ModelUsed(run, model));
            await AssertRefusedAsync(RejectionReason.UnknownModel, new TrackingRecord.ModelProduced(run, new LoggedModelOutput(model, 1)));
        }

        LoggedModel model2 = await CreateModelAsync();
        await AssertRefusedAsync(RejectionReason.Invalid, Points(run, new MetricPoint(1, NowMs, 1)) with { Model = default(LoggedModelId) });
        await AssertRefusedAsync(RejectionReason.Invalid, Points(run, new MetricPoint(1, NowMs, 1)) with { Model = model2.Id, DatasetName = "" });
        await AssertRefusedAsync(RejectionReason.Invalid, Points(run, new MetricPoint(1, NowMs, 1)) with { Model = model2.Id, DatasetDigest = new string('d', Limits.DatasetDigestLength + 1) });
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.ModelUsed(run, default));
        await AssertRefusedAsync(RejectionReason.Invalid, new TrackingRecord.ModelProduced(run, new LoggedModelOutput(default, 1)));
        Assert.Empty(await GetPointsAsync(run));
        Assert.Empty((await GetRunAsync(run)).ModelInputs);
        Assert.Empty((await GetModelAsync(model2.Id)).Metrics);
    }

    [Fact]
    public async Task A_batch_that_is_refused_leaves_nothing_in_a_model()
    {
        Needs(StoreCapabilities.LoggedModels);
        Needs(StoreCapabilities.AtomicBatch);
        LoggedModel model = await CreateModelAsync();
        RunId run = await StartRunAsync();
        TrackingRecord[] records = [Points(run, new MetricPoint(1, NowMs, 1)) with { Model = model.Id, DatasetName = "wine" }, new TrackingRecord.ModelUsed(run, model.Id), new TrackingRecord.TagDeleted(run, "never")];

        AppendResult refused = await Store.AppendAsync(new RecordBatch { Records = records, OnReject = OnReject.RefuseAll }, Cancellation);
        Assert.Equal(RejectionReason.UnknownTag, Assert.Single(refused.Rejections).Reason);
        Assert.Empty((await GetModelAsync(model.Id)).Metrics);

        await LogAsync(records[..2]);
        Assert.Equal("wine", Assert.Single((await GetModelAsync(model.Id)).Metrics).DatasetName);
        Assert.Equal([model.Id], (await GetRunAsync(run)).ModelInputs);
    }

    [Fact]
    public async Task A_purge_of_a_run_takes_what_it_measured_and_leaves_the_model()
    {
        Needs(StoreCapabilities.LoggedModels);
        Needs(StoreCapabilities.Purge);
        RunId gone = await StartRunAsync(), stays = await StartRunAsync();
        LoggedModel model = await Store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(Clock), ExperimentId = (await GetExperimentAsync("churn")).Id, Name = "trees", SourceRunId = gone }, Cancellation);
        foreach (RunId run in (RunId[])[gone, stays])
        {
            await LogAsync(
                Points(run, [.. Enumerable.Range(0, 5000).Select(step => new MetricPoint(step, NowMs, step))]) with { Model = model.Id },
                new TrackingRecord.ModelUsed(run, model.Id),
                new TrackingRecord.ModelProduced(run, new LoggedModelOutput(model.Id, 1)));
        }

        LoggedModelMetric left = new("loss", new MetricPoint(4999, NowMs, 4999), stays, null, null);
        await DeleteAsync(gone);
        Assert.Equal(2, (await GetModelAsync(model.Id)).Metrics.Count);
        await Store.BeginPurgeAsync([gone], Cancellation);
        Assert.Equal([left], (await GetModelAsync(model.Id)).Metrics);
        await Store.EndPurgeAsync([gone], Cancellation);
        await ReopenAsync();

        AssertSameModel(model with { Metrics = [left] }, await GetModelAsync(model.Id));
        await LogAsync(Points(stays, new MetricPoint(5000, NowMs, 1)) with { Model = model.Id });
        Assert.Equal(5000, Assert.Single((await GetModelAsync(model.Id)).Metrics).Point.Step);
        if (Store.Capabilities.HasFlag(StoreCapabilities.Maintenance))
            Assert.Empty(await CheckAsync());
    }

    [Fact]
    public async Task A_purge_of_an_experiment_takes_its_logged_models_and_what_others_say_of_them()
    {
        Needs(StoreCapabilities.LoggedModels);
        Needs(StoreCapabilities.Purge);
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        LoggedModel gone = await CreateModelAsync(churn.Id, parameters: Pairs(("depth", "3")), tags: Pairs(("team", "growth"))), stays = await CreateModelAsync();
        RunId elsewhere = await StartRunAsync("other");
        foreach (LoggedModelId model in (LoggedModelId[])[gone.Id, stays.Id])
        {
            await LogAsync(
                Points(elsewhere, [.. Enumerable.Range(0, 5000).Select(step => new MetricPoint(step, NowMs, step))]) with { Model = model },
                new TrackingRecord.ModelUsed(elsewhere, model),
                new TrackingRecord.ModelProduced(elsewhere, new LoggedModelOutput(model, 1)));
        }

        Assert.False(await Store.PurgeExperimentAsync(churn.Id, Cancellation));
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);
        Assert.True(await Store.PurgeExperimentAsync(churn.Id, Cancellation));

        Assert.Null(await Store.FindLoggedModelAsync(gone.Id, Cancellation));
        RunDetails run = await GetRunAsync(elsewhere);
        Assert.Equal([stays.Id], run.ModelInputs);
        Assert.Equal([new LoggedModelOutput(stays.Id, 1)], run.ModelOutputs);
        Assert.Equal(5000, (await GetPointsAsync(elsewhere)).Count);

        // Numbers that it set free are given to others and must not be taken for its own.
        LoggedModel later = await CreateModelAsync();
        await LogAsync(Points(elsewhere, new MetricPoint(7, NowMs, 7)) with { Model = later.Id }, Points(elsewhere, new MetricPoint(6000, NowMs, 7)) with { Model = stays.Id });
        Assert.Equal(7, Assert.Single((await GetModelAsync(later.Id)).Metrics).Point.Step);
        Assert.Equal(6000, Assert.Single((await GetModelAsync(stays.Id)).Metrics).Point.Step);
        if (Store.Capabilities.HasFlag(StoreCapabilities.Maintenance))
            Assert.Empty(await CheckAsync());
    }

    [Fact]
    public async Task Writers_at_once_lose_nothing_of_a_model()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModel model = await CreateModelAsync();
        RunId[] runs = [await StartRunAsync(), await StartRunAsync()];

        await Task.WhenAll(runs.SelectMany((run, writer) => new[]
        {
            Task.Run(async () =>
            {
                for (int i = 0; i < 50; i++)
                    await LogAsync(Points(run, new MetricPoint(i, NowMs, i)) with { Model = model.Id, DatasetName = "wine" });
            }),
            Task.Run(async () =>
            {
                for (int i = 0; i < 50; i++)
                    await ChangeAsync(model.Id, new LoggedModelChange { AddedParams = Pairs(($"{writer}/{i}", "v")), SetTags = Pairs(($"{writer}/{i}", "v")) });
            }),
        }));

        LoggedModel found = await GetModelAsync(model.Id);
        Assert.Equal(100, found.Params.Count);
        Assert.Equal(100, found.Tags.Count);
        Assert.Equal(
            runs.OrderBy(run => run.Value, StringComparer.Ordinal).Select(run => new LoggedModelMetric("loss", new MetricPoint(49, NowMs, 49), run, "wine", null)),
            found.Metrics);
    }

    [Fact]
    public async Task Makers_of_one_logged_model_at_once_get_the_same_and_of_adders_of_one_param_one_wins()
    {
        Needs(StoreCapabilities.LoggedModels);
        LoggedModelId id = LoggedModelId.New(Clock);
        LoggedModel[] made = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
            await Store.CreateLoggedModelAsync(new NewLoggedModel { Id = id, ExperimentId = ExperimentId.Default, Name = $"writer {writer}" }, Cancellation))));
        Assert.Single(made.Select(model => model.Name).Distinct(StringComparer.Ordinal));

        bool[] won = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            try
            {
                await ChangeAsync(id, new LoggedModelChange { AddedParams = Pairs(("winner", $"{writer}")) });
                return true;
            }
            catch (LoggedModelParamChangedException)
            {
                return false;
            }
        })));
        Assert.Equal((await GetModelAsync(id)).Params["winner"], $"{Array.IndexOf(won, true)}");
        Assert.Single(won, true);
    }

    [Fact]
    public async Task A_store_without_logged_models_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(StoreCapabilities.LoggedModels), "The store keeps logged models.");

        await AssertNamedAsync(StoreCapabilities.LoggedModels, async () => await CreateModelAsync());
        await AssertNamedAsync(StoreCapabilities.LoggedModels, async () => await Store.FindLoggedModelAsync(LoggedModelId.New(Clock), Cancellation));
        await AssertNamedAsync(StoreCapabilities.LoggedModels, async () => await ChangeAsync(LoggedModelId.New(Clock), new LoggedModelChange()));
        await AssertNamedAsync(StoreCapabilities.LoggedModels, async () => await Store.FindLoggedModelsAsync(new LoggedModelQuery { Experiments = [ExperimentId.Default] }, new PageRequest(), Cancellation));
    }

    private static Dictionary<string, string> Pairs(params (string Key, string Value)[] pairs) => pairs.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private static void AssertSameModel(LoggedModel expected, LoggedModel actual)
    {
        Assert.Equal(expected.Params, actual.Params);
        Assert.Equal(expected.Tags, actual.Tags);
        Assert.Equal(expected.Metrics, actual.Metrics);
        Assert.Equal(expected, actual with { Params = expected.Params, Tags = expected.Tags, Metrics = expected.Metrics });
    }

    private async Task<LoggedModel> CreateModelAsync(
        ExperimentId? experiment = null, string name = "trees", IReadOnlyDictionary<string, string>? parameters = null, IReadOnlyDictionary<string, string>? tags = null) =>
        await Store.CreateLoggedModelAsync(
            new NewLoggedModel { Id = LoggedModelId.New(Clock), ExperimentId = experiment ?? ExperimentId.Default, Name = name, Params = parameters ?? Pairs(), Tags = tags ?? Pairs() }, Cancellation);

    private async Task<LoggedModel> GetModelAsync(LoggedModelId id)
    {
        LoggedModel? model = await Store.FindLoggedModelAsync(id, Cancellation);
        Assert.NotNull(model);
        return model;
    }

    private async Task<LoggedModel> ChangeAsync(LoggedModelId id, LoggedModelChange change) => await Store.ChangeLoggedModelAsync(id, change, Cancellation);

    private async Task<List<Lifecycle>> ModelLifecyclesAsync(params LoggedModel[] models)
    {
        List<Lifecycle> lifecycles = [];
        foreach (LoggedModel model in models)
            lifecycles.Add((await GetModelAsync(model.Id)).Lifecycle);
        return lifecycles;
    }
}
