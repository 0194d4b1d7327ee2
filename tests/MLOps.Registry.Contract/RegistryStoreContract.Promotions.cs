using System.Text;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    private static readonly PromotionPolicy s_policy = new()
    {
        Name = "production \ud83d\ude80",
        Metrics = [new MetricRule("auc") { AtLeast = 0.9, NotWorseThanChampion = true, Tolerance = 0.01 }, new MetricRule("loss") { AtMost = double.PositiveInfinity, HigherIsBetter = false }],
        RequireCompatibleSignature = true,
        RequiredTags = new Dictionary<string, string?> { ["reviewed"] = null, ["team"] = "risk" },
        RequiredEvidence = ["drift"],
        Approvals = 2,
        ProposalLifetime = TimeSpan.FromHours(3),
    };

    [Fact]
    public async Task Policies_guard_targets_until_they_are_removed()
    {
        Needs(RegistryCapabilities.Promotion);
        Guid key = await MakeModelAsync();
        await CommitAsync(key, new RegistryEvent.PolicySet(PromotionTarget.Alias("champion"), s_policy with { Name = "before" }, Reason: null), new RegistryEvent.PolicySet(PromotionTarget.OfStage(ModelStage.Production), s_policy, "why"));
        await CommitAsync(key, new RegistryEvent.PolicySet(PromotionTarget.Alias("champion"), s_policy, Reason: null));
        await ReopenAsync();

        IReadOnlyDictionary<PromotionTarget, PromotionPolicy> policies = (await GetModelAsync()).Policies;
        Assert.Equal(2, policies.Count);
        Assert.All(policies.Values, policy => Assert.Equal(RegistryJson.Write(s_policy), RegistryJson.Write(policy)));
        Assert.Equal(2, (await Store.FindModelsAsync(new RegisteredModelQuery(), new(), Cancellation)).Items.Single().Policies.Count);

        await CommitAsync(key, new RegistryEvent.PolicyRemoved(PromotionTarget.Alias("champion"), s_policy.Name, Reason: null));
        Assert.Equal([PromotionTarget.OfStage(ModelStage.Production)], (await GetModelAsync()).Policies.Keys);
    }

    [Fact]
    public async Task A_promotion_is_kept_whole_through_all_that_becomes_of_it()
    {
        Needs(RegistryCapabilities.Promotion);
        Guid key = await MakeModelAsync("fraud", Version(1));
        Promotion expected = Proposal(key);
        await CommitAsync(key, new RegistryEvent.PromotionProposed(expected));
        await AssertKeptAsync(expected);

        RegistryEvent[] changes =
        [
            new RegistryEvent.EvidenceGiven(expected.Id, new Evidence("drift", false, "d1")), new RegistryEvent.EvidenceGiven(expected.Id, new Evidence("bias", true, LongText)),
            new RegistryEvent.EvidenceGiven(expected.Id, new Evidence("drift", true, "d2")), new RegistryEvent.PromotionApproved(expected.Id, expected.Digest, LongText), new RegistryEvent.PromotionApproved(expected.Id, "x", Comment: null),
        ];
        foreach (RegistryEvent change in changes)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await CommitAsync(key, change);
            expected = expected.After(change, Ann, Now);
            await AssertKeptAsync(expected);
        }

        await CommitAsync(key, new RegistryEvent.PromotionApplied(expected.Id), new RegistryEvent.AliasMoved("champion", null, 1, AliasCause.Promotion, Reason: null, expected.Id));
        await ReopenAsync();
        await AssertKeptAsync(expected.After(new RegistryEvent.PromotionApplied(expected.Id), Ann, Now));
        Assert.Equal(1, (await Store.FindVersionAsync("fraud", "champion", Cancellation))!.Number);
    }

    [Fact]
    public async Task Promotions_of_a_model_are_found_by_where_they_stand_the_oldest_first()
    {
        Needs(RegistryCapabilities.Promotion);
        Guid key = await MakeModelAsync("fraud", Version(1)), other = await MakeModelAsync("other", Version(1));
        List<Promotion> proposed = [];
        for (int i = 0; i < 4; i++)
        {
            proposed.Add(Proposal(key));
            await CommitAsync(key, new RegistryEvent.PromotionProposed(proposed[^1]));
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await CommitAsync(other, new RegistryEvent.PromotionProposed(Proposal(other)));
        await CommitAsync(key, new RegistryEvent.PromotionRejected(proposed[2].Id, "not now"));
        await CommitAsync(key, new RegistryEvent.PromotionApplied(proposed[0].Id));

        Assert.Equal(proposed.Select(promotion => promotion.Id), await FindAsync(null));
        Assert.Equal([proposed[1].Id, proposed[3].Id], await FindAsync(PromotionStatus.Open));
        Assert.Equal([proposed[0].Id], await FindAsync(PromotionStatus.Applied));
        Assert.Equal([proposed[2].Id], await FindAsync(PromotionStatus.Rejected));
        Promotion rejected = (await Store.FindPromotionAsync(proposed[2].Id, Cancellation))!;
        Assert.Equal((Ann, "not now", Now), (rejected.ClosedBy, rejected.CloseReason, rejected.ClosedAt));
        Assert.Empty(await Store.FindPromotionsAsync(Guid.NewGuid(), status: null, Cancellation));
        Assert.Null(await Store.FindPromotionAsync(Guid.NewGuid(), Cancellation));

        async Task<IEnumerable<Guid>> FindAsync(PromotionStatus? status) => (await Store.FindPromotionsAsync(key, status, Cancellation)).Select(promotion => promotion.Id);
    }

    [Fact]
    public async Task Promotions_go_with_their_model()
    {
        Needs(RegistryCapabilities.Promotion);
        Guid key = await MakeModelAsync("fraud", Version(1));
        Promotion promotion = Proposal(key);
        await CommitAsync(key, new RegistryEvent.PromotionProposed(promotion), new RegistryEvent.PolicySet(promotion.Target, s_policy, Reason: null));
        await CommitAsync(key, new RegistryEvent.ModelDeleted("fraud", Reason: null));

        Assert.Null(await Store.FindPromotionAsync(promotion.Id, Cancellation));
        Assert.Empty(await Store.FindPromotionsAsync(key, status: null, Cancellation));
        Assert.Empty((await GetModelAsync(await MakeModelAsync())).Policies);
    }

    private async Task AssertKeptAsync(Promotion expected)
    {
        string text = Encoding.UTF8.GetString(RegistryJson.Write(expected));
        Promotion? kept = await Store.FindPromotionAsync(expected.Id, Cancellation);
        Assert.NotNull(kept);
        Assert.Equal((text, expected.Digest), (Encoding.UTF8.GetString(RegistryJson.Write(kept)), kept.Digest));
        Assert.Equal(text, Encoding.UTF8.GetString(RegistryJson.Write(Assert.Single(await Store.FindPromotionsAsync(expected.ModelKey, expected.Status, Cancellation)))));
    }

    private Promotion Proposal(Guid key) => new()
    {
        Id = Guid.CreateVersion7(Now),
        ModelKey = key,
        Version = 1,
        Target = PromotionTarget.Alias("champion"),
        ContentDigest = Manifest().Digest,
        Policy = s_policy,
        Reason = LongText,
        ProposedBy = Ann,
        ProposedAt = Now,
        ExpiresAt = Now + s_policy.ProposalLifetime,
    };
}
