using System.Globalization;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class ModelRegistryContract
{
    [Fact]
    public async Task Whatever_is_asked_of_a_version_that_is_not_there_says_so()
    {
        await RegisterAsync();
        Func<Task>[] calls =
        [
            () => Registry.GetVersionAsync("fraud", 2, Cancellation), () => Registry.DescribeVersionAsync("fraud", 2, "x", Cancellation), () => Registry.SetVersionTagAsync("fraud", 2, "k", "v", Cancellation),
            () => Registry.DeleteVersionTagAsync("fraud", 2, "k", Cancellation), () => Registry.TransitionStageAsync("fraud", 2, ModelStage.Staging, cancellationToken: Cancellation),
            () => Registry.DeleteVersionAsync("fraud", 2, cancellationToken: Cancellation), () => Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancellation),
        ];
        foreach (Func<Task> call in calls)
            Assert.Equal(("fraud", 2), await Assert.ThrowsAsync<ModelVersionNotFoundException>(call) is var missing ? (missing.Model, missing.Number) : default);
        foreach (int number in (int[])[0, -1, int.MinValue, int.MaxValue])
            Assert.Null(await Registry.FindVersionAsync("fraud", number, Cancellation));
    }

    [Fact]
    public async Task A_number_is_never_given_twice()
    {
        await RegisterAsync(count: 3);
        await Registry.DeleteVersionAsync("fraud", 3, cancellationToken: Cancellation);
        await Registry.DeleteVersionAsync("fraud", 1, cancellationToken: Cancellation);
        await ReopenRegistryAsync();
        await RegisterAsync();

        Assert.Equal(4, (await Registry.GetVersionAsync("fraud", "latest", Cancellation)).Number);
        Assert.Null(await Registry.FindVersionAsync("fraud", 3, Cancellation));
        await Registry.DeleteModelAsync("fraud", cancellationToken: Cancellation);
        await RegisterAsync();
        Assert.Equal(1, (await Registry.GetVersionAsync("fraud", "latest", Cancellation)).Number);
    }

    [Fact]
    public async Task Latest_is_the_highest_number_in_whatever_stage_it_is()
    {
        await Registry.CreateModelAsync("fraud", cancellationToken: Cancellation);
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => Registry.GetVersionAsync("fraud", "latest", Cancellation));
        await RegisterAsync(count: 3);
        await Registry.TransitionStageAsync("fraud", 3, ModelStage.Archived, cancellationToken: Cancellation);

        foreach (string latest in (string[])["latest", "LATEST", "Latest"])
            Assert.Equal(3, (await Registry.GetVersionAsync("fraud", latest, Cancellation)).Number);
        Assert.Equal([(ModelStage.None, 2), (ModelStage.Archived, 3)], (await Registry.FindLatestVersionsAsync("fraud", Cancellation)).Select(version => (version.Stage, version.Number)));
        await Registry.DeleteVersionAsync("fraud", 3, cancellationToken: Cancellation);
        Assert.Equal(2, (await Registry.GetVersionAsync("fraud", "latest", Cancellation)).Number);
    }

    [Fact]
    public async Task A_version_that_an_alias_names_is_deleted_only_with_it()
    {
        await RegisterAsync(count: 2);
        await Registry.MoveAliasAsync("fraud", "b", 1, cancellationToken: Cancellation);
        await Registry.MoveAliasAsync("fraud", "a", 1, cancellationToken: Cancellation);
        await Registry.MoveAliasAsync("fraud", "c", 2, cancellationToken: Cancellation);

        ModelVersionInUseException refused = await Assert.ThrowsAsync<ModelVersionInUseException>(() => Registry.DeleteVersionAsync("fraud", 1, cancellationToken: Cancellation));
        Assert.Equal(("fraud", 1, "a,b"), (refused.Model, refused.Number, string.Join(',', refused.Aliases)));
        Assert.NotNull(await Registry.FindVersionAsync("fraud", 1, Cancellation));

        await Registry.DeleteVersionAsync("fraud", 1, "as MLflow does", removeAliases: true, Cancellation);
        Assert.Equal(["c"], (await Registry.GetModelAsync("fraud", Cancellation)).Aliases.Select(alias => alias.Name));
        if (Store.Capabilities.HasFlag(RegistryCapabilities.Audit))
            Assert.Equal([typeof(RegistryEvent.AliasRemoved), typeof(RegistryEvent.AliasRemoved), typeof(RegistryEvent.VersionDeleted)], (await Store.ReadAuditAsync((await Store.GetAuditHeadAsync(Cancellation)).Count - 3, 3, Cancellation)).Select(record => record.Read().Change.GetType()));
    }

    [Theory]
    [InlineData(ModelStage.Staging)]
    [InlineData(ModelStage.Production)]
    public async Task A_version_that_comes_to_a_stage_archives_the_others_when_asked(ModelStage stage)
    {
        await RegisterAsync(count: 4);
        foreach (int number in (int[])[1, 2])
            await Registry.TransitionStageAsync("fraud", number, stage, cancellationToken: Cancellation);
        Assert.Equal([stage, stage, ModelStage.None, ModelStage.None], await StagesAsync());

        Assert.Equal(stage, (await Registry.TransitionStageAsync("fraud", 3, stage, archiveOthers: true, cancellationToken: Cancellation)).Stage);
        Assert.Equal([ModelStage.Archived, ModelStage.Archived, stage, ModelStage.None], await StagesAsync());

        await Registry.TransitionStageAsync("fraud", 3, stage, archiveOthers: true, cancellationToken: Cancellation);
        Assert.Equal([ModelStage.Archived, ModelStage.Archived, stage, ModelStage.None], await StagesAsync());

        async Task<IEnumerable<ModelStage>> StagesAsync()
        {
            List<ModelStage> stages = [];
            for (int number = 1; number <= 4; number++)
                stages.Add((await Registry.GetVersionAsync("fraud", number, Cancellation)).Stage);
            return stages;
        }
    }

    [Fact]
    public async Task Others_are_archived_for_staging_and_production_alone()
    {
        await RegisterAsync();
        foreach (ModelStage stage in (ModelStage[])[ModelStage.None, ModelStage.Archived])
            await Assert.ThrowsAsync<ArgumentException>(() => Registry.TransitionStageAsync("fraud", 1, stage, archiveOthers: true, cancellationToken: Cancellation));
        foreach (ModelStage stage in (ModelStage[])[(ModelStage)(-1), (ModelStage)4])
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Registry.TransitionStageAsync("fraud", 1, stage, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Searches_go_on_past_a_page()
    {
        Guid key = await MakeModelAsync("fraud", [.. Enumerable.Range(1, 450).Select(number => Version(number))]);
        for (int i = 0; i < 3; i++)
            await MakeModelAsync(string.Create(CultureInfo.InvariantCulture, $"m{i}"));

        List<int> numbers = [];
        await foreach (ModelVersion version in Registry.FindVersionsAsync(ModelVersionQuery.Parse(null, "version_number"), Cancellation))
            numbers.Add(version.Number);
        Assert.Equal(Enumerable.Range(1, 450), numbers);

        List<string> names = [];
        await foreach (RegisteredModel model in Registry.FindModelsAsync(cancellationToken: Cancellation))
            names.Add(model.Name);
        Assert.Equal(["fraud", "m0", "m1", "m2"], names);
        Assert.Equal(key, (await Registry.GetModelAsync("fraud", Cancellation)).Key);
    }
}
