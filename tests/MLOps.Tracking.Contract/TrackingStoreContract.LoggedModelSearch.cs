using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Theory]
    [InlineData("name = 'trees'", "trees")]
    [InlineData("attributes.name != 'trees'", "net,linear")]
    [InlineData("name LIKE '%e%' AND name ILIKE 'TREES'", "trees")]
    [InlineData("name IN ('trees', 'net') AND name NOT IN ('net')", "trees")]
    [InlineData("model_type = 'agent'", "net")]
    [InlineData("model_type = ''", "trees,linear")]
    [InlineData("status = 'READY'", "net")]
    [InlineData("status IN ('LOGGED_MODEL_READY', 'PENDING')", "trees,net,linear")]
    [InlineData("status != 'LOGGED_MODEL_READY'", "trees,linear")]
    [InlineData("experiment_id = '0'", "trees,net,linear")]
    [InlineData("source_run_id != 'x'", "trees")]
    [InlineData("creation_timestamp > 1767225600000", "net,linear")]
    [InlineData("creation_time >= 1767225600002", "linear")]
    [InlineData("last_updated_timestamp > 1767225600002", "net")]
    [InlineData("params.depth = '3'", "trees")]
    [InlineData("params.depth IN ('3', '4') AND params.depth != '4'", "trees")]
    [InlineData("tags.`team name` LIKE 'g%'", "trees,linear")]
    [InlineData("tags.`team name` IS NULL", "net")]
    [InlineData("metrics.loss < 0.5", "net")]
    [InlineData("metrics.loss >= 0.5", "trees,net")]
    [InlineData("metrics.loss != 0.5 AND metrics.loss > 0.1", "net")]
    [InlineData("metrics.other > 0", "")]
    [InlineData("metrics.auc != 1", "linear")]
    [InlineData("metrics.auc > 0", "")]
    [InlineData("", "trees,net,linear")]
    public async Task A_filter_finds_the_logged_models_that_meet_all_its_conditions(string filter, string names)
    {
        Needs(StoreCapabilities.LoggedModels);
        await ThreeModelsAsync();

        Assert.Equal(names.Split(',', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), (await FindModelNamesAsync(Ask(filter))).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Conditions_on_metrics_are_narrowed_to_datasets_and_others_are_not()
    {
        Needs(StoreCapabilities.LoggedModels);
        await ThreeModelsAsync();

        Assert.Equal(["net"], await FindModelNamesAsync(Ask("metrics.loss >= 0.7") with { Datasets = [("wine", null)] }));
        Assert.Equal(["net"], await FindModelNamesAsync(Ask("metrics.loss >= 0.7") with { Datasets = [("beer", null), ("wine", "d1")] }));
        Assert.Empty(await FindModelNamesAsync(Ask("metrics.loss >= 0.7") with { Datasets = [("wine", "d2")] }));
        Assert.Equal(["trees"], await FindModelNamesAsync(Ask("metrics.loss = 0.5 AND name = 'trees'") with { Datasets = [("beer", null)] }));
        Assert.Equal(3, (await FindModelNamesAsync(Ask("experiment_id = '0'") with { Datasets = [("none", null)] })).Count);
    }

    [Theory]
    [InlineData("name", "linear,net,trees")]
    [InlineData("name DESC", "trees,net,linear")]
    [InlineData("source_run_id", "trees,linear,net")]
    [InlineData("creation_time ASC", "trees,net,linear")]
    [InlineData("model_id DESC", "linear,net,trees")]
    [InlineData("metrics.loss", "trees,net,linear")]
    [InlineData("metrics.loss DESC", "net,trees,linear")]
    [InlineData("metrics.auc DESC", "linear,net,trees")]
    [InlineData("", "linear,net,trees")]
    public async Task Logged_models_come_in_the_order_that_was_asked_for_and_then_the_newest_first(string order, string names)
    {
        Needs(StoreCapabilities.LoggedModels);
        await ThreeModelsAsync();

        Assert.Equal(names.Split(','), await FindModelNamesAsync(Ask(null, order.Length == 0 ? [] : [order])));
    }

    [Fact]
    public async Task An_order_by_a_metric_can_look_at_one_dataset_and_at_another_after_it()
    {
        Needs(StoreCapabilities.LoggedModels);
        await ThreeModelsAsync();
        LoggedModelOrder loss = LoggedModelOrder.Parse("metrics.loss");

        // On beer the network was measured by the other run and worse.
        Assert.Equal(["net", "trees", "linear"], await FindModelNamesAsync(Ask(null) with { OrderBy = [loss with { DatasetName = "beer" }] }));
        Assert.Equal(["net", "linear", "trees"], await FindModelNamesAsync(Ask(null) with { OrderBy = [loss with { DatasetName = "wine", DatasetDigest = "d1" }, loss with { IsDescending = true, DatasetDigest = "d9" }] }));
        Assert.Equal(["trees", "net", "linear"], await FindModelNamesAsync(Ask(null) with { OrderBy = [loss with { DatasetName = "beer", IsDescending = true }, loss] }));
    }

    [Fact]
    public async Task Logged_models_are_looked_for_in_the_experiments_and_by_the_lifecycle_that_were_named()
    {
        Needs(StoreCapabilities.LoggedModels);
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        LoggedModel here = await CreateModelAsync(name: "here"), deleted = await CreateModelAsync(name: "deleted"), there = await CreateModelAsync(churn.Id, "there");
        await ChangeAsync(deleted.Id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });

        Assert.Equal(["here"], await FindModelNamesAsync(Ask(null)));
        Assert.Equal(["deleted"], await FindModelNamesAsync(Ask(null) with { Lifecycle = Lifecycle.Deleted }));
        Assert.Equal(["deleted", "here", "there"], (await FindModelNamesAsync(Ask(null) with { Lifecycle = null, Experiments = [churn.Id, ExperimentId.Default, churn.Id] })).Order(StringComparer.Ordinal));
        Assert.Equal(["there"], await FindModelNamesAsync(Ask(null) with { Experiments = [churn.Id, new ExperimentId("77"), new ExperimentId("none")] }));
        Assert.Empty(await FindModelNamesAsync(Ask($"model_id = '{there.Id}'")));
        Assert.Equal(["here"], await FindModelNamesAsync(Ask($"model_id = '{here.Id}'")));
    }

    [Fact]
    public async Task Pages_of_logged_models_hold_each_once_whatever_comes_and_goes_meanwhile()
    {
        Needs(StoreCapabilities.LoggedModels);
        List<LoggedModel> models = [];
        for (int i = 0; i < 10; i++)
            models.Add(await CreateModelAsync(name: $"m{i}"));
        LoggedModelQuery query = Ask("name LIKE 'm%'", "name DESC");

        Page<LoggedModel> first = await Store.FindLoggedModelsAsync(query, new PageRequest { Size = 4 }, Cancellation);
        await CreateModelAsync(name: "m99");
        await ChangeAsync(models[9].Id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });
        await ReopenAsync();
        Page<LoggedModel> second = await Store.FindLoggedModelsAsync(query, new PageRequest { Size = 4, Token = first.NextToken }, Cancellation);
        Page<LoggedModel> third = await Store.FindLoggedModelsAsync(query, new PageRequest { Size = 2, Token = second.NextToken }, Cancellation);

        Assert.Equal(["m9", "m8", "m7", "m6"], first.Items.Select(model => model.Name));
        Assert.Equal(["m5", "m4", "m3", "m2"], second.Items.Select(model => model.Name));
        Assert.Equal(["m1", "m0"], third.Items.Select(model => model.Name));
        Assert.Null(third.NextToken);
        LoggedModelQuery[] others =
        [
            query with { Experiments = [new ExperimentId("1")] }, Ask("name LIKE 'm_'", "name DESC"), Ask("name LIKE 'm%'", "name"), query with { Lifecycle = null }, query with { Datasets = [("wine", null)] },
            query with { OrderBy = [.. query.OrderBy, LoggedModelOrder.Parse("metrics.loss") with { DatasetName = "wine" }] },
        ];
        foreach (LoggedModelQuery other in others)
            await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindLoggedModelsAsync(other, new PageRequest { Token = first.NextToken }, Cancellation));
        await Assert.ThrowsAsync<InvalidPageTokenException>(async () => await Store.FindLoggedModelsAsync(query, new PageRequest { Token = "AAAA" }, Cancellation));
    }

    [Fact]
    public async Task Questions_that_make_no_sense_for_logged_models_are_refused()
    {
        Needs(StoreCapabilities.LoggedModels);
        foreach (string filter in (string[])["metric.loss > 1", "attribute.name = 'a'", "datasets.name = 'wine'", "run_name = 'a'", "name = 3", "metrics.loss = '3'", "metrics.loss LIKE 'a'", "name > 'a'", "name IS NULL", "name = 'a' OR name = 'b'"])
            Assert.Throws<SearchSyntaxException>(() => Ask(filter));
        LoggedModelOrder loss = LoggedModelOrder.Parse("metrics.loss"), name = LoggedModelOrder.Parse("name");
        LoggedModelQuery[] wrong =
        [
            Ask(null) with { Experiments = [] },
            Ask(null) with { Datasets = [(null!, null)] },
            Ask(null) with { Filter = RunField.DatasetName.EqualTo("wine") },
            Ask(null) with { OrderBy = [new LoggedModelOrder(new SearchField(SearchEntity.Param, "depth"))] },
            Ask(null) with { OrderBy = [new LoggedModelOrder(new SearchField(SearchEntity.Tag, "team"))] },
            Ask(null) with { OrderBy = [new LoggedModelOrder(new SearchField(SearchEntity.Attribute, "never"))] },
            Ask(null) with { OrderBy = [name with { DatasetName = "wine" }] },
            Ask(null) with { OrderBy = [loss, loss with { IsDescending = true }] },
        ];
        foreach (LoggedModelQuery query in wrong)
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.FindLoggedModelsAsync(query, new PageRequest(), Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.FindLoggedModelsAsync(Ask(null), new PageRequest { Size = 0 }, Cancellation));
        Assert.Empty(await FindModelNamesAsync(Ask(null) with { OrderBy = [loss, loss with { DatasetName = "wine" }, loss with { DatasetDigest = "wine" }] }));
    }

    /// <summary>Asks by chance and compares with the same conditions and orders, written out over what the test has logged.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_is_asked_of_logged_models_is_what_plain_rules_find(int seed)
    {
        Needs(StoreCapabilities.LoggedModels);
        Random random = new(seed);
        List<PlainModel> models = await PopulateModelsAsync(random);
        int found = 0, questions = TestLength.Of(150, 5000);
        for (int i = 0; i < questions; i++)
        {
            string? dataset = random.Next(3) == 0 ? $"d{random.Next(3)}" : null, orderDataset = random.Next(3) == 0 ? $"d{random.Next(3)}" : null;
            int threshold = random.Next(5), depth = random.Next(3);
            (string Text, Func<PlainModel, bool> Holds)[] conditions =
            [
                ($"metrics.loss > {threshold}", model => model.Loss.Any(point => (dataset is null || point.Dataset == dataset) && point.Value > threshold)),
                ($"metrics.loss <= {threshold}", model => model.Loss.Any(point => (dataset is null || point.Dataset == dataset) && point.Value <= threshold)),
                ($"metrics.loss != {threshold}", model => model.Loss.Any(point => (dataset is null || point.Dataset == dataset) && point.Value != threshold)),
                ($"params.depth = '{depth}'", model => model.Depth == depth),
                ($"params.depth NOT IN ('{depth}')", model => model.Depth is { } has && has != depth),
                ($"tags.team IS NULL", model => model.Team is null),
                ($"tags.team ILIKE 'A%'", model => model.Team is "a1"),
                ($"name LIKE '%{depth}'", model => model.Name.EndsWith($"{depth}", StringComparison.Ordinal)),
            ];
            (string Text, Func<PlainModel, bool> Holds)[] chosen = random.GetItems(conditions, random.Next(3));
            bool descending = random.Next(2) == 0, byLoss = random.Next(2) == 0;
            LoggedModelQuery query = Ask(string.Join(" AND ", chosen.Select(condition => condition.Text))) with
            {
                Datasets = dataset is null ? [] : [(dataset, null)],
                OrderBy = [LoggedModelOrder.Parse(byLoss ? "metrics.loss" : "name") with { IsDescending = descending, DatasetName = byLoss ? orderDataset : null }],
            };

            List<PlainModel> expected = [.. models.Where(model => chosen.All(condition => condition.Holds(model)))];
            expected.Sort((left, right) =>
            {
                int compared = byLoss ? CompareLoss(left.Latest(orderDataset), right.Latest(orderDataset), descending) : (descending ? -1 : 1) * string.CompareOrdinal(left.Name, right.Name);
                return compared != 0 ? compared : left.CreatedMs != right.CreatedMs ? right.CreatedMs.CompareTo(left.CreatedMs) : string.CompareOrdinal(left.Id.Value, right.Id.Value);
            });
            int size = random.Next(1, models.Count);
            List<LoggedModelId> actual = [];
            PageRequest page = new() { Size = size };
            do
            {
                Page<LoggedModel> part = await Store.FindLoggedModelsAsync(query, page, Cancellation);
                actual.AddRange(part.Items.Select(model => model.Id));
                page = page with { Token = part.NextToken };
            }
            while (page.Token is not null);

            Assert.True(expected.Select(model => model.Id).SequenceEqual(actual), $"Seed {seed}, question {i}, pages of {size}: {query.Canonical}\nexpected {string.Join(' ', expected.Select(model => model.Id))}\nfound    {string.Join(' ', actual)}");
            found += actual.Count;
        }

        Assert.True(found > questions, $"Seed {seed}: {questions} questions found {found} models.");
    }

    private static int CompareLoss(double? left, double? right, bool descending) => (left, right) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        _ when double.IsNaN(left.Value) || double.IsNaN(right.Value) => double.IsNaN(left.Value).CompareTo(double.IsNaN(right.Value)),
        _ => (descending ? -1 : 1) * left.Value.CompareTo(right.Value),
    };

    private static LoggedModelQuery Ask(string? filter, params string[] orderBy) => LoggedModelQuery.Parse(filter, [ExperimentId.Default], orderBy);

    private async Task<List<PlainModel>> PopulateModelsAsync(Random random)
    {
        List<PlainModel> models = [];
        RunId[] runs = [await StartRunAsync(), await StartRunAsync()];
        for (int i = 0; i < 25; i++)
        {
            if (random.Next(2) == 0)
                Clock.Advance(TimeSpan.FromMilliseconds(1));
            int? depth = random.Next(3) == 0 ? null : random.Next(3);
            string? team = random.Next(3) switch { 0 => null, 1 => "a1", _ => "b" };
            LoggedModel made = await CreateModelAsync(
                name: $"m{random.Next(4)}",
                parameters: depth is { } has ? Pairs(("depth", $"{has}")) : Pairs(),
                tags: team is null ? Pairs() : Pairs(("team", team)));
            PlainModel model = new(made.Id, made.Name, NowMs, depth, team, []);
            for (int point = random.Next(6); point > 0; point--)
            {
                // Steps differ, so that it is plain which point is the latest.
                string? dataset = random.Next(4) == 0 ? null : $"d{random.Next(3)}";
                double value = random.Next(8) == 0 && Store.Capabilities.HasFlag(StoreCapabilities.NonFiniteValues) ? double.NaN : random.Next(6);
                RunId run = runs[random.Next(2)];
                await LogAsync(new TrackingRecord.PointsLogged(run, "loss", new[] { new MetricPoint(point, NowMs, value) }) { Model = made.Id, DatasetName = dataset });
                if (!model.Loss.Exists(known => known.Run == run && known.Dataset == dataset))
                    model.Loss.Add((run, dataset, point, value));
            }

            models.Add(model);
        }

        return models;
    }

    private async Task ThreeModelsAsync()
    {
        RunId one = await StartRunAsync(), two = await StartRunAsync();
        LoggedModel trees = await Store.CreateLoggedModelAsync(
            new NewLoggedModel { Id = LoggedModelId.New(Clock), ExperimentId = ExperimentId.Default, Name = "trees", SourceRunId = one, Params = Pairs(("depth", "3")), Tags = Pairs(("team name", "growth")) }, Cancellation);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        LoggedModel net = await Store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(Clock), ExperimentId = ExperimentId.Default, Name = "net", ModelType = "agent" }, Cancellation);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        LoggedModel linear = await CreateModelAsync(name: "linear", tags: Pairs(("team name", "green")));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await ChangeAsync(net.Id, new LoggedModelChange { Status = LoggedModelStatus.Ready });
        await LogAsync(
            Points(one, new MetricPoint(1, NowMs, 9), new MetricPoint(2, NowMs, 0.5)) with { Model = trees.Id, DatasetName = "beer" },
            Points(one, new MetricPoint(3, NowMs, 0.7)) with { Model = net.Id, DatasetName = "wine", DatasetDigest = "d1" },
            Points(two, new MetricPoint(2, NowMs, 0.4)) with { Model = net.Id, DatasetName = "beer", DatasetDigest = "d2" },
            new TrackingRecord.PointsLogged(two, "auc", new[] { new MetricPoint(1, NowMs, double.NaN) }) { Model = linear.Id });
    }

    private async Task<List<string>> FindModelNamesAsync(LoggedModelQuery query)
    {
        Page<LoggedModel> page = await Store.FindLoggedModelsAsync(query, new PageRequest(), Cancellation);
        Assert.Null(page.NextToken);
        return [.. page.Items.Select(model => model.Name)];
    }

    /// <summary>What the test knows of a model: of each run and dataset the point with the largest step, which was logged first.</summary>
    private sealed record PlainModel(LoggedModelId Id, string Name, long CreatedMs, int? Depth, string? Team, List<(RunId Run, string? Dataset, int Step, double Value)> Loss)
    {
        public double? Latest(string? dataset) =>
            Loss.Where(point => dataset is null || point.Dataset == dataset).Select(point => ((int Step, double Value)?)(point.Step, point.Value)).MaxBy(point => point!.Value.Step)?.Value;
    }
}
