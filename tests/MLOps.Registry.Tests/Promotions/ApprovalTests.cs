using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using static MLOps.Registry.Storage.RegistryEvent;

namespace MLOps.Registry.Tests.Promotions;

public sealed class ApprovalTests : PromotionTestBase
{
    private static readonly PromotionPolicy s_fourEyes = new() { Name = "four eyes", Approvals = 1 };
    private static readonly PromotionPolicy s_two = new() { Name = "two", Approvals = 2, RequiredEvidence = ["drift"], Metrics = [new("auc") { AtLeast = 0.5 }] };

    [Fact]
    public async Task The_last_of_two_approvals_applies_in_its_own_transaction()
    {
        int version = await RegisterAsync(0.9);
        await GuardAsync(s_two);

        Promotion promotion = await ProposeAsync(version, evidence: Drift);
        Assert.Equal(["2 of 2 approvals are missing"], promotion.WaitsFor);
        promotion = await ApproveAsync(promotion, Cem);
        Assert.Equal((PromotionStatus.Open, null), (promotion.Status, await ChampionAsync()));
        Assert.Equal(["1 of 2 approvals is missing"], promotion.WaitsFor);
        (long count, long revision) = (await CountAsync(), (await Registry.GetModelAsync(Model, Cancel)).Revision);
        promotion = await ApproveAsync(promotion, Dee);

        Assert.Equal(revision + 1, (await Registry.GetModelAsync(Model, Cancel)).Revision);
        Assert.Equal(
            [
                new PromotionApproved(promotion.Id, promotion.Digest, "fine"), new PromotionApplied(promotion.Id),
                new AliasMoved("champion", null, version, AliasCause.Promotion, "better", promotion.Id),
            ],
            await EventsAsync(count));
        Assert.Equal((PromotionStatus.Applied, Dee, Clock.GetUtcNow()), (promotion.Status, promotion.ClosedBy, promotion.ClosedAt!.Value));
        Assert.Equal([Cem, Dee], promotion.ValidApprovers);
        Assert.Empty(promotion.WaitsFor);
        Assert.Equal(version, await ChampionAsync());
        Assert.Equal([promotion.Id], (await Registry.FindPromotionsAsync(Model, PromotionStatus.Applied, Cancel)).Select(found => found.Id));
        Assert.Empty(await Registry.FindPromotionsAsync(Model, PromotionStatus.Open, Cancel));
    }

    [Fact]
    public async Task A_policy_that_waits_for_nobody_applies_with_the_proposal_in_one_transaction()
    {
        int version = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" });
        (long count, long revision) = (await CountAsync(), (await Registry.GetModelAsync(Model, Cancel)).Revision);

        Promotion promotion = await ProposeAsync(version);

        Assert.Equal(revision + 1, (await Registry.GetModelAsync(Model, Cancel)).Revision);
        Assert.Equal([typeof(PromotionProposed), typeof(PromotionApplied), typeof(AliasMoved)], (await EventsAsync(count)).Select(change => change.GetType()));
        Assert.Equal((PromotionStatus.Applied, Ben, Ben), (promotion.Status, promotion.ProposedBy, promotion.ClosedBy));
    }

    [Theory]
    [InlineData(Ben, ApprovalRefusal.IsProposer)]
    [InlineData(Ada, ApprovalRefusal.IsRegistrant)]
    [InlineData(Cem, ApprovalRefusal.HasApproved)]
    public async Task Who_proposed_registered_or_approved_already_cannot_approve(string actor, ApprovalRefusal refusal)
    {
        int version = await RegisterAsync(0.9);
        await GuardAsync(s_two);
        Promotion promotion = await ApproveAsync(await ProposeAsync(version, evidence: Drift), Cem);

        ApprovalRefusedException refused = await RefusedAsync<ApprovalRefusedException>(() => ApproveAsync(promotion, actor));

        Assert.Equal((promotion.Id, actor, refusal), (refused.Id, refused.Actor, refused.Refusal));
        Assert.Null(await ChampionAsync());
    }

    [Fact]
    public async Task A_promotion_can_be_approved_until_it_expires()
    {
        int version = await RegisterAsync();
        await GuardAsync(s_fourEyes with { ProposalLifetime = TimeSpan.FromHours(1) });
        Promotion late = await ProposeAsync(version), inTime = await ProposeAsync(version);

        Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1));
        Assert.False(late.IsExpiredAt(Clock.GetUtcNow()));
        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(inTime, Cem)).Status);
        await Registry.RemovePolicyAsync(Model, Champion, cancellationToken: Cancel);
        await Registry.RemoveAliasAsync(Model, "champion", cancellationToken: Cancel);
        await GuardAsync(late.Policy);

        // All is as it was when it was proposed, but for the time.
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(late.IsExpiredAt(Clock.GetUtcNow()));
        PromotionExpiredException expired = await RefusedAsync<PromotionExpiredException>(() => ApproveAsync(late, Cem));
        Assert.Equal((late.Id, Clock.GetUtcNow()), (expired.Id, expired.ExpiredAt));
        await RefusedAsync<PromotionExpiredException>(() => GiveAsync(late, Drift));
        Assert.Null(await ChampionAsync());
        Assert.Equal(PromotionStatus.Rejected, (await Registry.RejectAsync(late.Id, "too late", Cancel)).Status);
    }

    [Fact]
    public async Task Evidence_that_has_changed_is_approved_by_nobody_who_has_not_seen_it()
    {
        int version = await RegisterAsync(0.9);
        await GuardAsync(s_two with { Approvals = 1 });
        Promotion read = await ProposeAsync(version, evidence: Drift);
        Promotion now = await GiveAsync(read, Drift with { Digest = "sha256:2" });

        PromotionChangedException changed = await RefusedAsync<PromotionChangedException>(() => ApproveAsync(read, Cem));

        Assert.Equal((read.Digest, now.Digest), (changed.Expected, changed.Actual));
        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(now, Cem)).Status);
    }

    [Fact]
    public async Task Approvals_of_other_evidence_do_not_count()
    {
        int version = await RegisterAsync(0.9);
        await GuardAsync(s_two);
        Promotion promotion = await ApproveAsync(await ProposeAsync(version, evidence: Drift), Cem);

        promotion = await GiveAsync(promotion, new Evidence("bias", Passed: false, "sha256:3"));

        Assert.Empty(promotion.ValidApprovers);
        Assert.Equal(PromotionStatus.Open, (await ApproveAsync(promotion, Dee)).Status);
        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(promotion, Cem)).Status);
        Assert.Equal(["bias", "drift"], (await Registry.GetPromotionAsync(promotion.Id, Cancel)).Evidence.Select(evidence => evidence.Name));
    }

    [Fact]
    public async Task Approvals_count_again_when_the_evidence_is_again_what_they_approved()
    {
        int version = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p", Approvals = 1, RequiredEvidence = ["bias", "drift"] });
        Evidence failed = new("drift", Passed: false, "sha256:9"), bias = new("bias", Passed: true, "sha256:5");
        Promotion promotion = await ApproveAsync(await ProposeAsync(version, evidence: [bias, failed]), Cem);
        Assert.Equal(["evidence 'drift' did not pass"], promotion.WaitsFor);

        promotion = await GiveAsync(promotion, Drift);
        Assert.Equal(["1 of 1 approvals is missing"], promotion.WaitsFor);
        promotion = await GiveAsync(promotion, failed);

        Assert.Equal(["evidence 'drift' did not pass"], promotion.WaitsFor);
        Assert.Null(await ChampionAsync());
    }

    [Fact]
    public async Task Missing_evidence_keeps_an_approved_promotion_open_and_asks_for_approval_anew()
    {
        int version = await RegisterAsync(0.9);
        await GuardAsync(s_two with { Approvals = 1 });

        Promotion promotion = await ApproveAsync(await ProposeAsync(version), Cem);
        Assert.Equal(["evidence 'drift' is missing"], promotion.WaitsFor);
        promotion = await GiveAsync(promotion, Drift);

        Assert.Equal(PromotionStatus.Open, promotion.Status);
        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(promotion, Cem)).Status);
    }

    [Fact]
    public async Task The_last_evidence_applies_where_nobody_must_approve()
    {
        int version = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p", RequiredEvidence = ["bias", "drift"] });
        Promotion promotion = await GiveAsync(await ProposeAsync(version, evidence: new Evidence("bias", Passed: true, "sha256:5")), Drift with { Passed = false });
        Assert.Equal((PromotionStatus.Open, null), (promotion.Status, await ChampionAsync()));
        long count = await CountAsync();

        promotion = await GiveAsync(promotion, Drift);

        Assert.Equal(PromotionStatus.Applied, promotion.Status);
        Assert.Equal([typeof(EvidenceGiven), typeof(PromotionApplied), typeof(AliasMoved)], (await EventsAsync(count)).Select(change => change.GetType()));
        Assert.Equal(version, await ChampionAsync());
    }

    [Fact]
    public async Task Evidence_that_would_apply_what_breaks_a_rule_by_now_is_refused()
    {
        int version = await RegisterAsync(tags: new Dictionary<string, string> { ["reviewed"] = "yes" });
        await GuardAsync(new PromotionPolicy { Name = "p", RequiredEvidence = ["drift"], RequiredTags = new Dictionary<string, string?> { ["reviewed"] = null } });
        Promotion promotion = await ProposeAsync(version);
        await Registry.DeleteVersionTagAsync(Model, version, "reviewed", Cancel);

        await RefusedAsync<PromotionRefusedException>(() => GiveAsync(promotion, Drift));

        await Registry.SetVersionTagAsync(Model, version, "reviewed", "yes", Cancel);
        Assert.Equal(PromotionStatus.Applied, (await GiveAsync(promotion, Drift)).Status);
    }

    [Fact]
    public async Task What_breaks_a_rule_or_is_damaged_by_now_is_not_approved()
    {
        int version = await RegisterAsync(tags: new Dictionary<string, string> { ["reviewed"] = "yes" });
        await GuardAsync(s_fourEyes with { RequiredTags = new Dictionary<string, string?> { ["reviewed"] = "yes" } });
        Promotion promotion = await ProposeAsync(version);

        await Registry.SetVersionTagAsync(Model, version, "reviewed", "no", Cancel);
        Assert.Equal(["Tag 'reviewed' is 'no'; it must be 'yes'."], (await RefusedAsync<PromotionRefusedException>(() => ApproveAsync(promotion, Cem))).Failures);
        await Registry.SetVersionTagAsync(Model, version, "reviewed", "yes", Cancel);
        await DamageAsync(version);
        Assert.Contains("weights.bin", (await RefusedAsync<PromotionRefusedException>(() => ApproveAsync(promotion, Cem))).Message, StringComparison.Ordinal);
        Assert.Null(await ChampionAsync());
    }

    [Fact]
    public async Task Of_two_promotions_to_one_alias_the_second_to_be_approved_conflicts()
    {
        int first = await RegisterAsync(), second = await RegisterAsync();
        await GuardAsync(s_fourEyes);
        Promotion slow = await ProposeAsync(first), quick = await ProposeAsync(second);

        await ApproveAsync(quick, Cem);
        AliasConflictException conflict = await RefusedAsync<AliasConflictException>(() => ApproveAsync(slow, Cem));

        Assert.Equal((0, second), (conflict.Expected, conflict.Actual));
        await RefusedAsync<AliasConflictException>(() => GiveAsync(slow, Drift));
        Assert.Equal(second, await ChampionAsync());
    }

    [Fact]
    public async Task A_promotion_under_a_policy_that_is_no_more_is_not_applied()
    {
        int version = await RegisterAsync();
        await GuardAsync(s_fourEyes);
        Promotion promotion = await ProposeAsync(version);

        await GuardAsync(s_fourEyes with { Approvals = 2 });
        Assert.Contains("has changed", (await RefusedAsync<PromotionStaleException>(() => ApproveAsync(promotion, Cem))).Message, StringComparison.Ordinal);
        await Registry.RemovePolicyAsync(Model, Champion, cancellationToken: Cancel);
        Assert.Contains("does not guard", (await RefusedAsync<PromotionStaleException>(() => ApproveAsync(promotion, Cem))).Message, StringComparison.Ordinal);
        await GuardAsync(s_fourEyes);

        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(promotion, Cem)).Status);
    }

    [Fact]
    public async Task What_is_closed_stays_closed()
    {
        int version = await RegisterAsync();
        await GuardAsync(s_fourEyes);
        Promotion promotion = await ProposeAsync(version);
        Actor = Dee;
        Promotion rejected = await Registry.RejectAsync(promotion.Id, "too risky", Cancel);
        Assert.Equal((PromotionStatus.Rejected, Dee, "too risky"), (rejected.Status, rejected.ClosedBy, rejected.CloseReason));

        Assert.Equal(PromotionStatus.Rejected, (await RefusedAsync<PromotionClosedException>(() => ApproveAsync(promotion, Cem))).Status);
        await RefusedAsync<PromotionClosedException>(() => GiveAsync(promotion, Drift));
        await RefusedAsync<PromotionClosedException>(() => Registry.RejectAsync(promotion.Id, cancellationToken: Cancel));
        Promotion applied = await ApproveAsync(await ProposeAsync(version), Cem);
        Assert.Equal(PromotionStatus.Applied, (await RefusedAsync<PromotionClosedException>(() => ApproveAsync(applied, Dee))).Status);
    }

    [Fact]
    public async Task What_was_deleted_is_not_promoted()
    {
        await RegisterAsync();
        int version = await RegisterAsync();
        await GuardAsync(s_fourEyes);
        Promotion promotion = await ProposeAsync(version);

        await Registry.DeleteVersionAsync(Model, version, cancellationToken: Cancel);
        await RefusedAsync<ModelVersionNotFoundException>(() => ApproveAsync(promotion, Cem));
        await Registry.DeleteModelAsync(Model, cancellationToken: Cancel);
        await RefusedAsync<PromotionNotFoundException>(() => ApproveAsync(promotion, Cem));
        await RefusedAsync<PromotionNotFoundException>(() => Registry.GetPromotionAsync(Guid.Empty, Cancel));
    }

    [Fact]
    public async Task A_rename_does_not_part_a_model_from_its_promotions()
    {
        int version = await RegisterAsync();
        await GuardAsync(s_fourEyes);
        Promotion promotion = await ProposeAsync(version);
        await Registry.RenameModelAsync(Model, "abuse", Cancel);

        Assert.Equal(PromotionStatus.Applied, (await ApproveAsync(promotion, Cem)).Status);

        Assert.Equal(version, (await Registry.GetModelAsync("abuse", Cancel)).FindAlias("champion")!.Version);
    }

    [Fact]
    public async Task Evidence_and_words_that_are_not_legal_are_refused()
    {
        int version = await RegisterAsync();
        await GuardAsync(s_fourEyes);
        Promotion promotion = await ProposeAsync(version);

        foreach (Evidence evidence in new[] { new Evidence("", true, "d"), new Evidence(new string('n', 251), true, "d"), new Evidence("n", true, ""), new Evidence("n", true, new string('d', 251)) })
        {
            await RefusedAsync<ArgumentException>(() => GiveAsync(promotion, evidence));
            await RefusedAsync<ArgumentException>(() => ProposeAsync(version, evidence: evidence));
        }

        await RefusedAsync<ArgumentException>(() => ProposeAsync(version, evidence: [Drift, Drift]));
        await RefusedAsync<ArgumentException>(() => Registry.ApproveAsync(promotion, new string('c', 5001), Cancel));
        await RefusedAsync<ArgumentException>(() => Registry.RejectAsync(promotion.Id, new string('c', 5001), Cancel));
        await RefusedAsync<ArgumentException>(() => Registry.ProposeAsync(Model, version, Champion, reason: new string('c', 5001), cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_promotion_that_a_store_has_written_and_read_has_the_same_digest()
    {
        int version = await RegisterAsync(0.1 + 0.2);
        await GuardAsync(s_two with { RequiredTags = new Dictionary<string, string?> { ["z"] = "ä", ["a"] = null }, Metrics = [new("auc") { AtLeast = 0.1, Tolerance = 1e-300 }] });
        await Registry.SetVersionTagAsync(Model, version, "z", "ä", Cancel);
        await Registry.SetVersionTagAsync(Model, version, "a", "", Cancel);
        Promotion promotion = await ProposeAsync(version, evidence: [Drift, new Evidence("Bias \ud800", true, "\"")]);

        Promotion read = RegistryJson.ReadPromotion(RegistryJson.Write(promotion));

        Assert.Equal(promotion.Digest, read.Digest);
        Assert.True(promotion.Policy.IsSameAs(read.Policy));
    }
}
