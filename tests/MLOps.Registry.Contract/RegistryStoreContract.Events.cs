using MLOps.Registry.Signatures;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    private const string LongText = "deep water \u00e9\ud83d\ude80\0\r\n\t' \" \\ ; -- %_ \u202e \uffff";

    [Fact]
    public async Task A_new_model_has_what_it_was_made_with()
    {
        Guid key = Guid.NewGuid();
        Assert.Equal(CommitOutcome.Committed, await TryCommitAsync(key, 0, Created("fraud", "Finds fraud.", ("team", "risk"), ("empty", ""))));

        RegisteredModel model = await GetModelAsync();
        Assert.Equal($"{key}|fraud|Finds fraud.|ann|2026-01-01T00:00:00.0000000+00:00|2026-01-01T00:00:00.0000000+00:00|0|1|empty=,team=risk", Describe(model));
        Assert.Equal(Describe(model), Describe(await GetModelAsync(key)));
        Assert.Null((await GetModelAsync(await MakeModelAsync("plain"))).Description);
    }

    [Fact]
    public async Task Names_and_aliases_are_compared_letter_by_letter()
    {
        await MakeModelAsync("fraud", Version(1), Moved("champion", null, 1));
        await MakeModelAsync("Fraud");
        await MakeModelAsync("fra\u00fcd");
        await MakeModelAsync("frau\u0308d");

        Assert.Null(await Store.FindModelAsync("FRAUD", Cancellation));
        Assert.Null(await Store.FindModelAsync("fraud ", Cancellation));
        Assert.Null(await Store.FindVersionAsync("Fraud", 1, Cancellation));
        Assert.Null(await Store.FindVersionAsync("fraud", "Champion", Cancellation));
        Assert.NotEqual((await GetModelAsync("fra\u00fcd")).Key, (await GetModelAsync("frau\u0308d")).Key);
    }

    [Fact]
    public async Task A_model_is_described_anew_and_not_at_all()
    {
        Guid key = await MakeModelAsync();
        foreach (string? description in (string?[])["first", "", null, LongText])
        {
            await CommitAsync(key, new RegistryEvent.ModelDescribed(description));
            Assert.Equal(description, (await GetModelAsync()).Description);
        }
    }

    [Fact]
    public async Task Tags_of_a_model_are_set_replaced_and_deleted()
    {
        Guid key = await MakeModelAsync();
        await CommitAsync(key, new RegistryEvent.ModelTagSet("k", "1"), new RegistryEvent.ModelTagSet("K", "2"), new RegistryEvent.ModelTagSet("k", "3"));
        Assert.Equal(("3", "2"), ((await GetModelAsync()).Tags["k"], (await GetModelAsync()).Tags["K"]));

        await CommitAsync(key, new RegistryEvent.ModelTagDeleted("k"), new RegistryEvent.ModelTagDeleted("never there"));
        Assert.Equal(["K"], (await GetModelAsync()).Tags.Keys);
    }

    [Fact]
    public async Task A_hundred_tags_of_odd_texts_are_kept()
    {
        var tags = Enumerable.Range(0, 100).ToDictionary(i => $"tag {i} \u00e9\ud83d\ude80'\"", i => $"{LongText}{i}", StringComparer.Ordinal);
        tags["long"] = new string('\u5b57', RegistryLimits.TagValueLength);
        Guid key = Guid.NewGuid();
        Assert.Equal(CommitOutcome.Committed, await TryCommitAsync(key, 0, new RegistryEvent.ModelCreated("fraud", LongText, tags), new RegistryEvent.VersionCreated(1, Facts(), IsVerified: true, LongText, tags)));

        await ReopenAsync();

        Assert.Equal(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal), (await GetModelAsync()).Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        Assert.Equal(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal), (await GetVersionAsync(1)).Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        Assert.Equal((LongText, LongText), ((await GetModelAsync()).Description, (await GetVersionAsync(1)).Description));
    }

    [Fact]
    public async Task A_name_of_odd_characters_is_found_again()
    {
        foreach (string name in (string[])["'; DROP TABLE models; --", "\ud83d\ude80", "%", "_", "a b", new string('\u5b57', RegistryLimits.ModelNameLength), "\u202eevil", "[x]", "*"])
        {
            Guid key = await MakeModelAsync(name, Version(1));
            Assert.Equal(key, (await GetModelAsync(name)).Key);
            Assert.Equal(name, (await GetVersionAsync(1, name)).Model);
        }
    }

    [Fact]
    public async Task A_new_version_has_what_was_written_down()
    {
        VersionFacts facts = RichFacts();
        Guid key = await MakeModelAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CommitAsync(key, new RegistryEvent.VersionCreated(1, facts, IsVerified: true, "first", new Dictionary<string, string> { ["team"] = "risk" }));
        await ReopenAsync();

        ModelVersion version = await GetVersionAsync(1);
        Assert.Equal((key, "fraud", 1, ModelVersionStatus.Ready, true, ModelStage.None), (version.ModelKey, version.Model, version.Number, version.Status, version.IsVerified, version.Stage));
        Assert.Equal(("first", Ann, Now, Now, "risk"), (version.Description, version.User, version.CreatedAt, version.UpdatedAt, version.Tags["team"]));
        Assert.Empty(version.Aliases);
        Assert.Equal(RegistryJson.Write(facts), RegistryJson.Write(version.Facts));
        Assert.Equal((facts.RunId, facts.Manifest!.Digest, facts.Code), (version.Facts.RunId, version.Facts.Manifest!.Digest, version.Facts.Code));
        Assert.Equal(facts.Parents, version.Facts.Parents);
        Assert.Equal(facts.Datasets, version.Facts.Datasets);
        Assert.Equal(facts.Signature!.Inputs!.Columns[0].Categories, version.Facts.Signature!.Inputs!.Columns[0].Categories);
        Assert.Equal((1, Now), ((await GetModelAsync()).LastNumber, (await GetModelAsync()).UpdatedAt));
        Assert.Null((await GetVersionAsync(1)).Facts.LoggedModelId);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(-0.0)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    [InlineData(0.1)]
    public async Task A_metric_of_a_version_keeps_its_bits(double value)
    {
        await MakeModelAsync("fraud", Version(1, Facts() with { Metrics = new Dictionary<string, double> { ["m"] = value } }));
        await ReopenAsync();

        double kept = (await GetVersionAsync(1)).Facts.Metrics["m"];
        Assert.True(double.IsNaN(value) ? double.IsNaN(kept) : BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(kept), $"{kept:R}");
    }

    [Fact]
    public async Task The_number_of_a_deleted_version_stays_taken()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2));
        await CommitAsync(key, new RegistryEvent.VersionDeleted(2, "bad"));
        await ReopenAsync();

        Assert.Null(await Store.FindVersionAsync("fraud", 2, Cancellation));
        Assert.Equal(2, (await GetModelAsync()).LastNumber);
        await CommitAsync(key, Version(3));
        Assert.Equal(3, (await GetModelAsync()).LastNumber);
        Assert.Equal([1, 3], (await Store.FindVersionsAsync(ModelVersionQuery.Parse(null, "version_number"), new(), Cancellation)).Items.Select(version => version.Number));
    }

    [Fact]
    public async Task A_deleted_version_takes_its_tags_along()
    {
        Guid key = await MakeModelAsync("fraud", Version(1, null, ("k", "v")), Version(2));
        await CommitAsync(key, new RegistryEvent.VersionDeleted(1, Reason: null));

        Assert.Empty((await Store.FindVersionsAsync(ModelVersionQuery.Parse("tags.k = 'v'"), new(), Cancellation)).Items);
        Assert.Equal([2], (await Store.FindLatestVersionsAsync("fraud", Cancellation)).Select(version => version.Number));
    }

    [Fact]
    public async Task What_is_said_of_a_version_changes_it_alone()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2));
        string other = Describe(await GetVersionAsync(2));
        Clock.Advance(TimeSpan.FromMilliseconds(5));
        await CommitAsync(key, new RegistryEvent.VersionDescribed(1, LongText), new RegistryEvent.VersionTagSet(1, "k", "1"), new RegistryEvent.VersionTagSet(1, "k", LongText), new RegistryEvent.VersionTagSet(1, "gone", ""));
        await CommitAsync(key, new RegistryEvent.VersionTagDeleted(1, "gone"), new RegistryEvent.VersionTagDeleted(1, "never there"));

        ModelVersion version = await GetVersionAsync(1);
        Assert.Equal((LongText, LongText, Now), (version.Description, Assert.Single(version.Tags).Value, version.UpdatedAt));
        Assert.Equal(Now - TimeSpan.FromMilliseconds(5), version.CreatedAt);
        Assert.Equal(other, Describe(await GetVersionAsync(2)));
        Assert.Equal(Now, (await GetModelAsync()).UpdatedAt);

        await CommitAsync(key, new RegistryEvent.VersionDescribed(1, Description: null));
        Assert.Null((await GetVersionAsync(1)).Description);
    }

    [Fact]
    public async Task A_version_that_was_verified_has_its_files()
    {
        Guid key = await MakeModelAsync("fraud", Version(1, Facts() with { RunId = new RunId("r1") }));
        Assert.False((await GetVersionAsync(1)).IsVerified);

        await CommitAsync(key, new RegistryEvent.VersionVerified(1, Manifest()));

        ModelVersion version = await GetVersionAsync(1);
        Assert.True(version.IsVerified);
        Assert.Equal((Manifest().Digest, new RunId("r1")), (version.Facts.Manifest?.Digest, version.Facts.RunId!.Value));
    }

    [Fact]
    public async Task Stages_have_their_newest_version_each_in_order()
    {
        Guid key = await MakeModelAsync("fraud", [.. Enumerable.Range(1, 6).Select(number => Version(number))]);
        await CommitAsync(key, Staged(1, ModelStage.Production), Staged(2, ModelStage.Production), Staged(3, ModelStage.Archived), Staged(6, ModelStage.Staging));

        Assert.Equal([(ModelStage.None, 5), (ModelStage.Staging, 6), (ModelStage.Production, 2), (ModelStage.Archived, 3)], await LatestAsync());
        Assert.Equal([1, 2], (await Store.FindVersionsInStageAsync("fraud", ModelStage.Production, Cancellation)).Select(version => version.Number));
        Assert.Empty(await Store.FindVersionsInStageAsync("missing", ModelStage.Production, Cancellation));
        Assert.Empty(await Store.FindLatestVersionsAsync("missing", Cancellation));

        await CommitAsync(key, new RegistryEvent.VersionDeleted(2, Reason: null), new RegistryEvent.VersionDeleted(6, Reason: null), Moved("champion", null, 1));
        Assert.Equal([(ModelStage.None, 5), (ModelStage.Production, 1), (ModelStage.Archived, 3)], await LatestAsync());
        Assert.Equal(["champion"], (await Store.FindVersionsInStageAsync("fraud", ModelStage.Production, Cancellation)).Single().Aliases);

        static RegistryEvent.VersionStageChanged Staged(int number, ModelStage to) => new(number, ModelStage.None, to, "why");

        async Task<IEnumerable<(ModelStage Stage, int Number)>> LatestAsync() => (await Store.FindLatestVersionsAsync("fraud", Cancellation)).Select(version => (version.Stage, version.Number));
    }

    [Fact]
    public async Task Times_are_kept_to_the_millisecond()
    {
        Clock.Advance(TimeSpan.FromTicks(12_345_678));
        await MakeModelAsync("fraud", Version(1), Moved("champion", null, 1));
        await ReopenAsync();

        DateTimeOffset expected = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(1_234);
        RegisteredModel model = await GetModelAsync();
        ModelVersion version = await GetVersionAsync(1);
        Assert.Equal([expected, expected, expected, expected, expected], [model.CreatedAt, model.UpdatedAt, version.CreatedAt, version.UpdatedAt, model.Aliases[0].MovedAt]);
    }

    [Fact]
    public async Task Every_change_is_the_models_last()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2));
        RegistryEvent[] changes =
        [
            new RegistryEvent.ModelDescribed("d"), new RegistryEvent.ModelTagSet("k", "v"), new RegistryEvent.ModelTagDeleted("k"), new RegistryEvent.ModelRenamed("fraud", "risk"), Version(3),
            new RegistryEvent.VersionVerified(3, Manifest()), new RegistryEvent.VersionDescribed(3, "d"), new RegistryEvent.VersionTagSet(3, "k", "v"), new RegistryEvent.VersionTagDeleted(3, "k"),
            new RegistryEvent.VersionStageChanged(3, ModelStage.None, ModelStage.Staging, Reason: null), Moved("champion", null, 1), Moved("champion", 1, 2), new RegistryEvent.AliasRemoved("champion", 2, Reason: null), new RegistryEvent.VersionDeleted(3, Reason: null),
        ];
        foreach (RegistryEvent change in changes)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            await CommitAsync(key, change);
            Assert.Equal((change.GetType(), Now), (change.GetType(), (await GetModelAsync(key)).UpdatedAt));
        }
    }

    private static ModelManifest Manifest() => new() { Files = [new ModelFile("MLmodel", 10, new string('a', 64)), new ModelFile("data/model.onnx", long.MaxValue / 2, new string('b', 64))] };

    private static VersionFacts RichFacts() => new()
    {
        Source = "runs:/r1/model",
        Location = "file:///models/1",
        Manifest = Manifest(),
        Flavors = [new ModelFlavor("onnx") { Properties = new Dictionary<string, string> { ["data"] = "model.onnx" } }, new ModelFlavor("python_function")],
        Signature = new ModelSignature
        {
            Inputs = new SignatureSchema { Columns = [new ColumnSpec("colour", ColumnType.String) { IsNullable = true, Categories = ["blue", "red"] }] },
            Outputs = new SignatureSchema { Tensors = [new TensorSpec(null, "float32", [-1, 2])] },
            Params = [new ParamSpec("temperature", ColumnType.Double, "0.5")],
        },
        RunId = new RunId("r1"),
        RunLink = "https://example.org/r1",
        Metrics = new Dictionary<string, double> { ["auc"] = 0.93, ["loss"] = double.NaN, ["speed"] = double.PositiveInfinity },
        Params = new Dictionary<string, string> { ["lr"] = "0.1", ["text"] = LongText },
        Datasets = [new DatasetInput { Name = "train", Digest = "d1", Source = "s3://data", Role = "training", Schema = "{}" }],
        Code = new CodeState("c0ffee", "https://example.org/code", "main", true, "train 1.0"),
        Parents = [new ModelVersionRef("base", 3), new ModelVersionRef("fraud", 0x7fffffff)],
    };
}
