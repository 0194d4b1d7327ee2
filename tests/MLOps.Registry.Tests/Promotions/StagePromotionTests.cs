using MLOps.Registry.Promotions;
using static MLOps.Registry.Storage.RegistryEvent;

namespace MLOps.Registry.Tests.Promotions;

public sealed class StagePromotionTests : PromotionTestBase
{
    private static readonly PromotionTarget s_staging = PromotionTarget.OfStage(ModelStage.Staging), s_production = PromotionTarget.OfStage(ModelStage.Production), s_archived = PromotionTarget.OfStage(ModelStage.Archived);
    private static readonly PromotionPolicy s_policy = new() { Name = "p", Metrics = [new("auc") { NotWorseThanChampion = true }] };

    [Fact]
    public async Task A_promotion_to_a_stage_archives_what_was_there_in_the_same_transaction()
    {
        int first = await RegisterAsync(0.5), second = await RegisterAsync(0.5), third = await RegisterAsync(0.5);
        await Registry.TransitionStageAsync(Model, first, ModelStage.Production, cancellationToken: Cancel);
        await Registry.TransitionStageAsync(Model, second, ModelStage.Production, cancellationToken: Cancel);
        await GuardAsync(s_policy, s_production);
        (long count, long revision) = (await CountAsync(), (await Registry.GetModelAsync(Model, Cancel)).Revision);

        Promotion promotion = await ProposeAsync(third, s_production);

        Assert.Equal((second, PromotionStatus.Applied), (promotion.Champion!.Value, promotion.Status));
        Assert.Equal(revision + 1, (await Registry.GetModelAsync(Model, Cancel)).Revision);
        Assert.Equal(
            [
                new PromotionApplied(promotion.Id), new VersionStageChanged(third, ModelStage.None, ModelStage.Production, "better"),
                new VersionStageChanged(first, ModelStage.Production, ModelStage.Archived, "better"), new VersionStageChanged(second, ModelStage.Production, ModelStage.Archived, "better"),
            ],
            (await EventsAsync(count)).Skip(1));
    }

    [Fact]
    public async Task The_champion_of_a_stage_is_the_newest_version_in_it()
    {
        await Registry.TransitionStageAsync(Model, await RegisterAsync(0.9), ModelStage.Production, cancellationToken: Cancel);
        await Registry.TransitionStageAsync(Model, await RegisterAsync(0.5), ModelStage.Production, cancellationToken: Cancel);
        int third = await RegisterAsync(0.4), fourth = await RegisterAsync(0.6);
        await GuardAsync(s_policy, s_production);

        await RefusedAsync<PromotionRefusedException>(() => ProposeAsync(third, s_production));
        Assert.Equal(PromotionStatus.Applied, (await ProposeAsync(fourth, s_production)).Status);
    }

    [Fact]
    public async Task Of_two_promotions_to_one_stage_the_second_to_be_approved_is_stale()
    {
        int first = await RegisterAsync(0.5), second = await RegisterAsync(0.5);
        await GuardAsync(s_policy with { Approvals = 1 }, s_production);
        Promotion slow = await ProposeAsync(first, s_production), quick = await ProposeAsync(second, s_production);

        await ApproveAsync(quick, Cem);

        await RefusedAsync<PromotionStaleException>(() => ApproveAsync(slow, Cem));
    }

    [Fact]
    public async Task A_version_goes_from_staging_to_production_where_both_are_guarded()
    {
        int version = await RegisterAsync(0.5);
        await GuardAsync(s_policy, s_staging);
        await GuardAsync(s_policy, s_production);

        await ProposeAsync(version, s_staging);
        await ProposeAsync(version, s_production);

        Assert.Equal(ModelStage.Production, (await Registry.GetVersionAsync(Model, version, Cancel)).Stage);
    }

    [Fact]
    public async Task A_lax_stage_does_not_empty_a_strict_one()
    {
        int first = await RegisterAsync(0.5), second = await RegisterAsync(0.5);
        await GuardAsync(s_policy, s_production);
        await GuardAsync(new PromotionPolicy { Name = "lax" }, s_archived);
        await ProposeAsync(first, s_production);

        PromotionRefusedException refusal = await RefusedAsync<PromotionRefusedException>(() => ProposeAsync(first, s_archived));
        Assert.Contains("policy 'p' guards", Assert.Single(refusal.Failures), StringComparison.Ordinal);

        // Its successor archives it.
        await ProposeAsync(second, s_production);
        Assert.Equal(ModelStage.Archived, (await Registry.GetVersionAsync(Model, first, Cancel)).Stage);
    }
}
