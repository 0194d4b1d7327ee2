using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class ModelRegistryContract
{
    public static TheoryData<string> IllegalNames { get; } =
        ["", " ", "\t", "a/b", "a:b", "/", ":", ".", "..", "..a", "a\0b", "a\nb", "\ud83d", "\ude80x", new string('a', RegistryLimits.ModelNameLength + 1)];

    public static TheoryData<string> IllegalAliases { get; } =
        ["", " ", "a b", "a/b", "a.b", "a:b", "latest", "LATEST", "Latest", "v1", "V42", "a\0", "\ud83d\ude80", new string('a', RegistryLimits.AliasLength + 1)];

    [Theory]
    [MemberData(nameof(IllegalNames))]
    public async Task A_name_that_is_not_legal_names_no_model(string name)
    {
        await Registry.CreateModelAsync("fraud", cancellationToken: Cancellation);
        string before = await ReadAllAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => Registry.CreateModelAsync(name, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Registry.RenameModelAsync("fraud", name, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Registry.RegisterAsync(name, ModelContent.FromUri("s3://x"), cancellationToken: Cancellation));
        Assert.Equal(before, await ReadAllAsync());
        Assert.Null(await Registry.FindModelAsync(name, Cancellation));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => Registry.GetModelAsync(name, Cancellation));
    }

    [Fact]
    public async Task What_is_too_long_or_not_legal_is_refused_before_anything_happens()
    {
        await RegisterAsync();
        string before = await ReadAllAsync();
        string longText = new('x', RegistryLimits.DescriptionLength + 1), longReason = new('x', RegistryLimits.ReasonLength + 1), longValue = new('x', RegistryLimits.TagValueLength + 1);
        Func<Task>[] calls =
        [
            () => Registry.CreateModelAsync("m", longText, cancellationToken: Cancellation),
            () => Registry.CreateModelAsync("m", tags: new Dictionary<string, string> { ["k"] = longValue }, cancellationToken: Cancellation),
            () => Registry.CreateModelAsync("m", tags: new Dictionary<string, string> { ["../k"] = "v" }, cancellationToken: Cancellation),
            () => Registry.DescribeModelAsync("fraud", longText, Cancellation),
            () => Registry.SetModelTagAsync("fraud", "", "v", Cancellation),
            () => Registry.SetModelTagAsync("fraud", new string('k', 251), "v", Cancellation),
            () => Registry.SetModelTagAsync("fraud", "k", longValue, Cancellation),
            () => Registry.DescribeVersionAsync("fraud", 1, longText, Cancellation),
            () => Registry.SetVersionTagAsync("fraud", 1, "a\0b", "v", Cancellation),
            () => Registry.SetVersionTagAsync("fraud", 1, "k", longValue, Cancellation),
            () => Registry.TransitionStageAsync("fraud", 1, ModelStage.Staging, reason: longReason, cancellationToken: Cancellation),
            () => Registry.MoveAliasAsync("fraud", "champion", 1, reason: longReason, cancellationToken: Cancellation),
            () => Registry.RemoveAliasAsync("fraud", "champion", reason: longReason, cancellationToken: Cancellation),
            () => Registry.DeleteVersionAsync("fraud", 1, longReason, cancellationToken: Cancellation),
            () => Registry.DeleteModelAsync("fraud", longReason, Cancellation),
        ];
        foreach (Func<Task> call in calls)
            await Assert.ThrowsAsync<ArgumentException>(call);

        Assert.Equal(before, await ReadAllAsync());
        await Registry.SetModelTagAsync("fraud", new string('k', 250), longValue[1..], Cancellation);
        await Registry.DescribeModelAsync("fraud", longText[1..], Cancellation);
        Assert.Equal(RegistryLimits.DescriptionLength, (await Registry.GetModelAsync("fraud", Cancellation)).Description!.Length);
    }

    [Fact]
    public async Task Whatever_is_asked_of_a_model_that_is_not_there_says_so()
    {
        await RegisterAsync("other");
        Func<Task>[] calls =
        [
            () => Registry.GetModelAsync("fraud", Cancellation), () => Registry.RenameModelAsync("fraud", "risk", Cancellation), () => Registry.DescribeModelAsync("fraud", "x", Cancellation),
            () => Registry.SetModelTagAsync("fraud", "k", "v", Cancellation), () => Registry.DeleteModelTagAsync("fraud", "k", Cancellation), () => Registry.DeleteModelAsync("fraud", cancellationToken: Cancellation),
            () => Registry.GetVersionAsync("fraud", 1, Cancellation), () => Registry.GetVersionAsync("fraud", "champion", Cancellation), () => Registry.GetVersionAsync("fraud", "latest", Cancellation),
            () => Registry.FindLatestVersionsAsync("fraud", Cancellation), () => Registry.DescribeVersionAsync("fraud", 1, "x", Cancellation), () => Registry.SetVersionTagAsync("fraud", 1, "k", "v", Cancellation),
            () => Registry.DeleteVersionTagAsync("fraud", 1, "k", Cancellation), () => Registry.TransitionStageAsync("fraud", 1, ModelStage.Staging, cancellationToken: Cancellation), () => Registry.DeleteVersionAsync("fraud", 1, cancellationToken: Cancellation),
            () => Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancellation), () => Registry.RemoveAliasAsync("fraud", "champion", cancellationToken: Cancellation), () => Registry.RollbackAsync("fraud", "champion", cancellationToken: Cancellation),
        ];
        foreach (Func<Task> call in calls)
            Assert.Equal("fraud", (await Assert.ThrowsAsync<ModelNotFoundException>(call)).Model);
    }

    [Fact]
    public async Task A_model_is_renamed_to_a_free_name_alone()
    {
        await RegisterAsync("fraud");
        await RegisterAsync("risk");

        Assert.Equal("risk", (await Assert.ThrowsAsync<ModelExistsException>(() => Registry.RenameModelAsync("fraud", "risk", Cancellation))).Model);
        long revision = (await Registry.GetModelAsync("fraud", Cancellation)).Revision;
        Assert.Equal(revision, (await Registry.RenameModelAsync("fraud", "fraud", Cancellation)).Revision);
        Assert.Equal("Fraud", (await Registry.RenameModelAsync("fraud", "Fraud", Cancellation)).Name);
        await Registry.DeleteModelAsync("risk", cancellationToken: Cancellation);
        Assert.Equal("risk", (await Registry.RenameModelAsync("Fraud", "risk", Cancellation)).Name);
        Assert.Equal("risk", (await Registry.GetVersionAsync("risk", 1, Cancellation)).Model);
    }

    [Fact]
    public async Task What_changes_nothing_is_not_written_down()
    {
        Needs(RegistryCapabilities.Audit);
        await RegisterAsync(count: 2);
        await Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancellation);
        string before = await ReadAllAsync();

        await Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancellation);
        await Registry.MoveAliasAsync("fraud", "champion", 1, expected: 1, cancellationToken: Cancellation);
        Assert.False(await Registry.RemoveAliasAsync("fraud", "challenger", cancellationToken: Cancellation));
        await Registry.RenameModelAsync("fraud", "fraud", Cancellation);
        await Registry.DeleteModelTagAsync("fraud", "k", Cancellation);
        await Registry.DeleteVersionTagAsync("fraud", 1, "k", Cancellation);
        await Registry.TransitionStageAsync("fraud", 1, ModelStage.None, cancellationToken: Cancellation);

        Assert.Equal(before, await ReadAllAsync());
    }

    [Fact]
    public async Task What_a_policy_guards_is_neither_moved_nor_lost()
    {
        Needs(RegistryCapabilities.Promotion);
        await RegisterAsync(count: 3);
        await Registry.MoveAliasAsync("fraud", "champion", 1, cancellationToken: Cancellation);
        await Registry.TransitionStageAsync("fraud", 2, ModelStage.Production, cancellationToken: Cancellation);
        PromotionPolicy policy = new() { Name = "production" };
        await Registry.SetPolicyAsync("fraud", PromotionTarget.Alias("champion"), policy, cancellationToken: Cancellation);
        await Registry.SetPolicyAsync("fraud", PromotionTarget.OfStage(ModelStage.Production), policy, cancellationToken: Cancellation);
        string before = await ReadAllAsync();
        Func<Task>[] calls =
        [
            () => Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancellation), () => Registry.MoveAliasAsync("fraud", "champion", 2, expected: 1, cancellationToken: Cancellation),
            () => Registry.RemoveAliasAsync("fraud", "champion", cancellationToken: Cancellation), () => Registry.DeleteVersionAsync("fraud", 1, removeAliases: true, cancellationToken: Cancellation),
            () => Registry.DeleteVersionAsync("fraud", 2, cancellationToken: Cancellation), () => Registry.TransitionStageAsync("fraud", 3, ModelStage.Production, cancellationToken: Cancellation),
            () => Registry.TransitionStageAsync("fraud", 2, ModelStage.Archived, cancellationToken: Cancellation), () => Registry.DeleteModelAsync("fraud", cancellationToken: Cancellation), () => Registry.RenameModelAsync("fraud", "risk", Cancellation),
        ];
        foreach (Func<Task> call in calls)
            Assert.Equal(("fraud", "production"), await Assert.ThrowsAsync<PromotionRequiredException>(call) is var refused ? (refused.Model, refused.Policy) : default);
        Assert.Equal(before, await ReadAllAsync());

        await Registry.MoveAliasAsync("fraud", "challenger", 3, cancellationToken: Cancellation);
        await Registry.RemovePolicyAsync("fraud", PromotionTarget.Alias("champion"), cancellationToken: Cancellation);
        await Registry.MoveAliasAsync("fraud", "champion", 2, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_guard_of_what_is_not_in_use_stands_in_no_ones_way()
    {
        Needs(RegistryCapabilities.Promotion);
        await RegisterAsync();
        await Registry.SetPolicyAsync("fraud", PromotionTarget.Alias("champion"), new PromotionPolicy { Name = "production" }, cancellationToken: Cancellation);
        await Registry.SetPolicyAsync("fraud", PromotionTarget.OfStage(ModelStage.Production), new PromotionPolicy { Name = "production" }, cancellationToken: Cancellation);

        await Assert.ThrowsAsync<PromotionRequiredException>(() => Registry.MoveAliasAsync("fraud", "champion", 1, expected: 0, cancellationToken: Cancellation));
        await Registry.RenameModelAsync("fraud", "risk", Cancellation);
        await Registry.DeleteVersionAsync("risk", 1, cancellationToken: Cancellation);
        await Registry.DeleteModelAsync("risk", cancellationToken: Cancellation);
        Assert.Null(await Registry.FindModelAsync("risk", Cancellation));
    }
}
