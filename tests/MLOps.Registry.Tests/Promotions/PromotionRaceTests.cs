using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Registry.Tests.Registration;

namespace MLOps.Registry.Tests.Promotions;

/// <summary>What others do between a decision and its commit, and commits that fail.</summary>
public sealed class PromotionRaceTests : PromotionTestBase
{
    private static readonly PromotionPolicy s_fourEyes = new() { Name = "four eyes", Approvals = 1, RequiredTags = new Dictionary<string, string?> { ["reviewed"] = null } };

    [Fact]
    public async Task An_approval_is_decided_anew_on_what_changed_before_its_commit()
    {
        Promotion promotion = await ProposedAsync();
        await using ModelRegistry racing = Racing(() => Registry.DeleteVersionTagAsync(Model, 1, "reviewed", Cancel));

        Actor = Cem;
        PromotionRefusedException refusal = await Assert.ThrowsAsync<PromotionRefusedException>(() => racing.ApproveAsync(promotion, cancellationToken: Cancel));

        Assert.Equal(["Tag 'reviewed' is missing."], refusal.Failures);
        await AssertOpenAsync(promotion, approvals: 0);
    }

    [Fact]
    public async Task Evidence_that_comes_before_the_commit_of_an_approval_is_not_approved_unseen()
    {
        Promotion promotion = await ProposedAsync();
        await using ModelRegistry racing = Racing(() => GiveAsync(promotion, Drift with { Passed = false }));

        Actor = Cem;
        await Assert.ThrowsAsync<PromotionChangedException>(() => racing.ApproveAsync(promotion, cancellationToken: Cancel));

        await AssertOpenAsync(promotion, approvals: 0);
    }

    [Fact]
    public async Task A_promotion_that_is_rejected_before_the_commit_of_its_approval_is_not_applied()
    {
        Promotion promotion = await ProposedAsync();
        await using ModelRegistry racing = Racing(() => Registry.RejectAsync(promotion.Id, cancellationToken: Cancel));

        Actor = Cem;
        await Assert.ThrowsAsync<PromotionClosedException>(() => racing.ApproveAsync(promotion, cancellationToken: Cancel));

        Assert.Null(await ChampionAsync());
    }

    [Theory]
    [InlineData(nameof(IRegistryStore.FindPromotionAsync))]
    [InlineData(nameof(IRegistryStore.FindModelAsync))]
    [InlineData(nameof(IRegistryStore.FindVersionAsync))]
    public async Task A_promotion_that_is_rejected_while_its_approval_is_decided_is_not_applied(string question)
    {
        Promotion promotion = await ProposedAsync();
        RegisteredModel model = await Registry.GetModelAsync(Model, Cancel);
        RegistryCommit rejection = new() { ModelKey = model.Key, Revision = model.Revision, Actor = Dee, At = Clock.GetUtcNow(), Changes = [new RegistryEvent.PromotionRejected(promotion.Id, null)] };
        List<Task<CommitOutcome>> outcomes = [];
        await using ModelRegistry racing = Open(ReadProxy.Of(Store, question, () => outcomes.Add(Store.CommitAsync(rejection, Cancel).AsTask())));

        Actor = Cem;
        await Assert.ThrowsAsync<PromotionClosedException>(() => racing.ApproveAsync(promotion, cancellationToken: Cancel));

        Assert.Equal(CommitOutcome.Committed, await Assert.Single(outcomes));
        Assert.Null(await ChampionAsync());
    }

    [Fact]
    public async Task A_proposal_is_judged_anew_against_a_champion_that_came_before_its_commit()
    {
        int better = await RegisterAsync(0.9), worse = await RegisterAsync(0.5);
        await GuardAsync(new PromotionPolicy { Name = "p", Metrics = [new("auc") { NotWorseThanChampion = true }] });
        await using ModelRegistry racing = Racing(() => ProposeAsync(better));

        await Assert.ThrowsAsync<PromotionRefusedException>(() => racing.ProposeAsync(Model, worse, Champion, cancellationToken: Cancel));

        Assert.Equal(better, await ChampionAsync());
        Assert.Single(await Registry.FindPromotionsAsync(Model, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Of_many_promotions_approved_at_once_one_is_applied()
    {
        const int Racers = 8;
        List<Promotion> promotions = [];
        for (int i = 0; i < Racers; i++)
        {
            int version = await RegisterAsync(tags: new Dictionary<string, string> { ["reviewed"] = "" });
            if (i == 0)
                await GuardAsync(s_fourEyes);
            promotions.Add(await ProposeAsync(version));
        }

        Actor = Cem;
        Exception?[] outcomes = await Task.WhenAll(promotions.Select(promotion => Task.Run(() => Record.ExceptionAsync(() => Registry.ApproveAsync(promotion, cancellationToken: Cancel)).AsTask(), Cancel)));

        int winner = Assert.Single(Enumerable.Range(0, Racers), i => outcomes[i] is null);
        Assert.All(outcomes.OfType<Exception>(), outcome => Assert.Equal((0, promotions[winner].Version), (Assert.IsType<AliasConflictException>(outcome).Expected, ((AliasConflictException)outcome).Actual)));
        Assert.Equal(promotions[winner].Version, await ChampionAsync());
        Assert.Equal([promotions[winner].Id], (await Registry.FindPromotionsAsync(Model, PromotionStatus.Applied, Cancel)).Select(promotion => promotion.Id));
    }

    [Fact]
    public async Task A_commit_that_fails_leaves_no_half_of_a_promotion()
    {
        Promotion promotion = await ProposedAsync();
        List<RegistryCommit> failed = [];
        await using ModelRegistry broken = Open(CommitProxy.Of(Store, (commit, _) =>
        {
            failed.Add(commit);
            throw new RegistryStoreException("The disk is full.", isTransient: false, null);
        }));
        long count = await CountAsync();

        Actor = Cem;
        await Assert.ThrowsAsync<RegistryStoreException>(() => broken.ApproveAsync(promotion, cancellationToken: Cancel));
        Actor = Ben;
        await Assert.ThrowsAsync<RegistryStoreException>(() => broken.ProposeAsync(Model, 1, Champion, cancellationToken: Cancel));
        await Assert.ThrowsAsync<RegistryStoreException>(() => broken.RejectAsync(promotion.Id, cancellationToken: Cancel));

        Assert.Equal([3, 1, 1], failed.Select(commit => commit.Changes.Count));
        Assert.Equal(count, await CountAsync());
        await AssertOpenAsync(promotion, approvals: 0);
        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(promotion, Cem)).Status);
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        Promotion promotion = await ProposedAsync();
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        Actor = Cem;

        await RefusedAsync<OperationCanceledException>(() => Registry.ApproveAsync(promotion, cancellationToken: cancelled.Token), anyKind: true);
        await RefusedAsync<OperationCanceledException>(() => Registry.ProposeAsync(Model, 1, Champion, cancellationToken: cancelled.Token), anyKind: true);
        await RefusedAsync<OperationCanceledException>(() => Registry.RollbackAsync(Model, "champion", cancellationToken: cancelled.Token), anyKind: true);
    }

    [Fact]
    public async Task Files_are_read_once_however_often_a_decision_is_made_anew()
    {
        Promotion promotion = await ProposedAsync();
        int commits = 0;
        await using ModelRegistry racing = Open(CommitProxy.Of(Store, async (_, commit) =>
        {
            // Whoever reads them again finds them damaged.
            if (commits++ == 0)
                await DamageAsync(1);
            if (commits <= 3)
                await Registry.SetModelTagAsync(Model, "n", $"{commits}", Cancel);
            return await commit();
        }));

        Actor = Cem;
        Assert.Equal(PromotionStatus.Applied, (await racing.ApproveAsync(promotion, cancellationToken: Cancel)).Status);
        Assert.Equal(4, commits);
    }

    private async Task<Promotion> ProposedAsync()
    {
        int version = await RegisterAsync(tags: new Dictionary<string, string> { ["reviewed"] = "" });
        await GuardAsync(s_fourEyes);
        return await ProposeAsync(version);
    }

    /// <summary>A registry before whose first commit somebody else does something.</summary>
    private ModelRegistry Racing(Func<Task> first)
    {
        bool done = false;
        return Open(CommitProxy.Of(Store, async (_, commit) =>
        {
            if (!done)
            {
                (done, string actor) = (true, Actor);
                await first();
                Actor = actor;
            }

            return await commit();
        }));
    }

    private async Task AssertOpenAsync(Promotion promotion, int approvals)
    {
        Promotion now = await Registry.GetPromotionAsync(promotion.Id, Cancel);
        Assert.Equal((PromotionStatus.Open, approvals), (now.Status, now.Approvals.Count));
        Assert.Null(await ChampionAsync());
    }
}
