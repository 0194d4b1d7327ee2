using MLOps.Registry.Promotions;
using MLOps.Tracking.Artifacts;
using static MLOps.Registry.Storage.RegistryEvent;

namespace MLOps.Registry.Tests.Promotions;

public sealed class RollbackTests : PromotionTestBase
{
    [Fact]
    public async Task Two_rollbacks_go_two_back_and_a_third_has_nowhere_to_go()
    {
        await ServeAsync(3);
        long count = await CountAsync();

        ModelAlias second = await Registry.RollbackAsync(Model, "champion", expected: 3, "errors", Cancel);
        Assert.Equal((2, "errors"), (second.Version, second.Reason));
        Assert.Equal([new AliasMoved("champion", 3, 2, AliasCause.Rollback, "errors", null)], await EventsAsync(count));
        Assert.Equal(1, (await Registry.RollbackAsync(Model, "champion", expected: 2, cancellationToken: Cancel)).Version);

        await RefusedAsync<NoEarlierVersionException>(() => Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel));
        Assert.Equal(1, await ChampionAsync());
    }

    [Fact]
    public async Task A_rollback_skips_versions_that_were_deleted()
    {
        await ServeAsync(4);
        await Registry.DeleteVersionAsync(Model, 2, cancellationToken: Cancel);
        await Registry.DeleteVersionAsync(Model, 3, cancellationToken: Cancel);

        ModelAlias alias = await Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel);

        Assert.Equal(1, alias.Version);
        Assert.Empty((await Registry.GetModelAsync(Model, Cancel)).FindAlias("champion")!.Earlier);
    }

    [Fact]
    public async Task A_rollback_over_a_deleted_version_does_not_stay_where_it_is()
    {
        await ServeAsync(2);
        await MoveAsync(1);
        await Registry.DeleteVersionAsync(Model, 2, cancellationToken: Cancel);

        await RefusedAsync<NoEarlierVersionException>(() => Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel));
    }

    [Fact]
    public async Task What_is_served_after_a_rollback_goes_back_to_where_the_rollback_led()
    {
        await ServeAsync(3);
        await Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel);
        await MoveAsync(await RegisterAsync());

        Assert.Equal(2, (await Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel)).Version);
        Assert.Equal(1, (await Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel)).Version);
    }

    [Fact]
    public async Task A_rollback_that_expects_another_version_conflicts()
    {
        await ServeAsync(2);

        AliasConflictException conflict = await RefusedAsync<AliasConflictException>(() => Registry.RollbackAsync(Model, "champion", expected: 1, cancellationToken: Cancel));
        Assert.Equal((1, 2), (conflict.Expected, conflict.Actual));
        await RefusedAsync<AliasConflictException>(() => Registry.RollbackAsync(Model, "shadow", expected: 1, cancellationToken: Cancel));
        await RefusedAsync<AliasNotFoundException>(() => Registry.RollbackAsync(Model, "shadow", cancellationToken: Cancel));
        await RefusedAsync<ArgumentOutOfRangeException>(() => Registry.RollbackAsync(Model, "champion", expected: -1, cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_rollback_does_not_lead_to_damaged_files()
    {
        await ServeAsync(2);
        await DamageAsync(1);

        await RefusedAsync<ArtifactCorruptException>(() => Registry.RollbackAsync(Model, "champion", cancellationToken: Cancel));
        Assert.Equal(2, await ChampionAsync());
    }

    [Fact]
    public async Task A_guarded_alias_goes_back_without_approval_and_leaves_open_promotions_behind()
    {
        await ServeAsync(2);
        int third = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "four eyes", Approvals = 1 });
        Promotion promotion = await ProposeAsync(third);

        Assert.Equal(1, (await Registry.RollbackAsync(Model, "champion", expected: 2, cancellationToken: Cancel)).Version);

        AliasConflictException conflict = await RefusedAsync<AliasConflictException>(() => ApproveAsync(promotion, Cem));
        Assert.Equal((2, 1), (conflict.Expected, conflict.Actual));
    }

    private async Task ServeAsync(int versions)
    {
        for (int i = 0; i < versions; i++)
            await MoveAsync(await RegisterAsync());
    }

    private Task<ModelAlias> MoveAsync(int version) => Registry.MoveAliasAsync(Model, "champion", version, cancellationToken: Cancel);
}
