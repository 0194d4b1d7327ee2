using System.Text;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Promotions;

public sealed class PolicyTests : PromotionTestBase
{
    public static TheoryData<PromotionPolicy, string> Illegal => new()
    {
        { new() { Name = "" }, "1 to 250 characters" },
        { new() { Name = new string('x', 251) }, "1 to 250 characters" },
        { new() { Name = "p", Approvals = -1 }, "0 to 100 approvals" },
        { new() { Name = "p", Approvals = 101 }, "0 to 100 approvals" },
        { new() { Name = "p", ProposalLifetime = TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1) }, "1 minute to 365 days" },
        { new() { Name = "p", ProposalLifetime = TimeSpan.FromDays(365) + TimeSpan.FromTicks(1) }, "1 minute to 365 days" },
        { new() { Name = "p", Metrics = [new MetricRule("auc")] }, "asks for nothing" },
        { new() { Name = "p", Metrics = [new MetricRule("") { AtLeast = 1 }] }, "at least one character" },
        { new() { Name = "p", Metrics = [new MetricRule("auc") { AtLeast = double.NaN }] }, "not finite" },
        { new() { Name = "p", Metrics = [new MetricRule("auc") { AtMost = double.PositiveInfinity }] }, "not finite" },
        { new() { Name = "p", Metrics = [new MetricRule("auc") { AtLeast = 2, AtMost = 1 }] }, "which is less" },
        { new() { Name = "p", Metrics = [new MetricRule("auc") { NotWorseThanChampion = true, Tolerance = -0.1 }] }, "at least 0" },
        { new() { Name = "p", Metrics = [new MetricRule("auc") { NotWorseThanChampion = true, Tolerance = double.NaN }] }, "at least 0" },
        { new() { Name = "p", RequiredTags = new Dictionary<string, string?> { ["a?b"] = null } }, "U+003F" },
        { new() { Name = "p", RequiredEvidence = [""] }, "1 to 250 characters" },
        { new() { Name = "p", RequiredEvidence = ["drift", "bias", "drift"] }, "twice" },
    };

    [Theory]
    [MemberData(nameof(Illegal), DisableDiscoveryEnumeration = true)]
    public async Task A_policy_that_is_out_of_range_is_refused(PromotionPolicy policy, string says)
    {
        await RegisterAsync();

        ArgumentException refusal = await RefusedAsync<ArgumentException>(() => Registry.SetPolicyAsync(Model, Champion, policy, cancellationToken: Cancel), anyKind: true);

        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_at_its_limits_is_kept()
    {
        await RegisterAsync();
        PromotionPolicy policy = new()
        {
            Name = new string('x', 250), Approvals = 100, ProposalLifetime = TimeSpan.FromDays(365), Metrics = [new MetricRule("auc") { AtLeast = 1, AtMost = 1 }],
            RequiredEvidence = [new string('e', 250)], RequiredTags = new Dictionary<string, string?> { ["z"] = "1", ["a"] = null },
        };

        await GuardAsync(policy);

        PromotionPolicy kept = (await Registry.GetModelAsync(Model, Cancel)).Policies[Champion];
        Assert.Equal(["a", "z"], kept.RequiredTags.Keys);
        Assert.Equal(Encoding.UTF8.GetString(RegistryJson.Write(PromotionPolicy.Checked(policy))), Encoding.UTF8.GetString(RegistryJson.Write(RegistryJson.ReadPolicy(RegistryJson.Write(kept)))));
    }

    [Fact]
    public async Task What_a_caller_does_to_its_lists_afterwards_changes_no_policy()
    {
        await RegisterAsync();
        List<string> evidence = ["drift"];
        await GuardAsync(new PromotionPolicy { Name = "p", RequiredEvidence = evidence });

        evidence.Clear();

        Assert.Equal(["drift"], (await Registry.GetModelAsync(Model, Cancel)).Policies[Champion].RequiredEvidence);
    }

    [Fact]
    public async Task The_same_policy_again_changes_nothing()
    {
        await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p", RequiredTags = new Dictionary<string, string?> { ["a"] = "1", ["b"] = null } });
        long before = await CountAsync();

        await GuardAsync(new PromotionPolicy { Name = "p", RequiredTags = new Dictionary<string, string?> { ["b"] = null, ["a"] = "1" } });

        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task A_guarded_alias_moves_by_no_other_way()
    {
        int first = await RegisterAsync();
        int second = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" });
        await ProposeAsync(first);

        await RefusedAsync<PromotionRequiredException>(() => Registry.MoveAliasAsync(Model, "champion", second, cancellationToken: Cancel));
        await RefusedAsync<PromotionRequiredException>(() => Registry.RemoveAliasAsync(Model, "champion", cancellationToken: Cancel));
        await RefusedAsync<PromotionRequiredException>(() => Registry.DeleteVersionAsync(Model, first, removeAliases: true, cancellationToken: Cancel));
        await RefusedAsync<PromotionRequiredException>(() => Registry.RenameModelAsync(Model, "other", Cancel));
        PromotionRequiredException refusal = await RefusedAsync<PromotionRequiredException>(() => Registry.DeleteModelAsync(Model, cancellationToken: Cancel));

        Assert.Equal(("p", Champion), (refusal.Policy, refusal.Target));
        Assert.Equal(first, await ChampionAsync());
    }

    [Fact]
    public async Task A_guarded_stage_is_neither_entered_nor_left_nor_lost_by_another_way()
    {
        var production = PromotionTarget.OfStage(ModelStage.Production);
        int first = await RegisterAsync();
        int second = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" }, production);
        await ProposeAsync(first, production);

        await RefusedAsync<PromotionRequiredException>(() => Registry.TransitionStageAsync(Model, second, ModelStage.Production, cancellationToken: Cancel));
        await RefusedAsync<PromotionRequiredException>(() => Registry.TransitionStageAsync(Model, first, ModelStage.Archived, cancellationToken: Cancel));
        await RefusedAsync<PromotionRequiredException>(() => Registry.DeleteVersionAsync(Model, first, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Without_its_policy_an_alias_moves_as_before()
    {
        int first = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" });

        Assert.True(await Registry.RemovePolicyAsync(Model, Champion, "trial over", Cancel));
        Assert.False(await Registry.RemovePolicyAsync(Model, Champion, cancellationToken: Cancel));

        await Registry.MoveAliasAsync(Model, "champion", first, cancellationToken: Cancel);
        Assert.Equal(first, await ChampionAsync());
        await RefusedAsync<InvalidOperationException>(() => Registry.ProposeAsync(Model, first, Champion, cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_target_that_is_none_is_refused()
    {
        await RegisterAsync();
        await RefusedAsync<ArgumentException>(() => Registry.SetPolicyAsync(Model, default, new PromotionPolicy { Name = "p" }, cancellationToken: Cancel));
        await RefusedAsync<ArgumentException>(() => Registry.RemovePolicyAsync(Model, default, cancellationToken: Cancel));
        await RefusedAsync<ArgumentException>(() => Registry.ProposeAsync(Model, 1, default, cancellationToken: Cancel));
    }
}
