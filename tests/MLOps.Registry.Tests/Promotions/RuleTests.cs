using MLOps.Registry.Promotions;
using MLOps.Registry.Signatures;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Promotions;

/// <summary>Each rule of a policy, met and broken.</summary>
public sealed class RuleTests : PromotionTestBase
{
    private static readonly MetricRule s_notWorse = new("auc") { NotWorseThanChampion = true };

    public static TheoryData<MetricRule, double?, double?, string?> MetricRules => new()
    {
        { new("auc") { AtLeast = 0.9 }, null, 0.9, null },
        { new("auc") { AtLeast = 0.9 }, null, 0.89, "Metric 'auc' is 0.89; it must be at least 0.9." },
        { new("auc") { AtMost = 0.2 }, null, 0.2, null },
        { new("auc") { AtMost = 0.2 }, null, 0.3, "Metric 'auc' is 0.3; it must be at most 0.2." },
        { new("auc") { AtLeast = 0.9 }, null, null, "Metric 'auc' is missing." },
        { new("auc") { AtLeast = 0.9 }, null, double.NaN, "Metric 'auc' is NaN." },
        { new("auc") { AtLeast = 0.9 }, null, double.PositiveInfinity, null },
        { s_notWorse, null, -5, null },
        { s_notWorse, null, double.NaN, "Metric 'auc' is NaN." },
        { s_notWorse, 0.5, 0.5, null },
        { s_notWorse, 0.5, 0.25, "Metric 'auc' is 0.25; the version that is there now has 0.5, and it must not be less by more than 0." },
        { s_notWorse, 0.5, null, "Metric 'auc' is missing." },
        { s_notWorse, double.NaN, 0.1, null },
        { s_notWorse with { Tolerance = 0.25 }, 0.5, 0.25, null },
        { s_notWorse with { Tolerance = 0.125 }, 0.5, 0.25, "Metric 'auc' is 0.25; the version that is there now has 0.5, and it must not be less by more than 0.125." },
        { s_notWorse with { HigherIsBetter = false }, 0.5, 0.5, null },
        { s_notWorse with { HigherIsBetter = false }, 0.5, 0.75, "Metric 'auc' is 0.75; the version that is there now has 0.5, and it must not be more by more than 0." },
        { s_notWorse with { HigherIsBetter = false, Tolerance = 0.25 }, 0.5, 0.75, null },
    };

    [Theory]
    [MemberData(nameof(MetricRules), DisableDiscoveryEnumeration = true)]
    public async Task A_metric_rule_holds_or_says_what_is_there_and_what_must_be(MetricRule rule, double? champion, double? candidate, string? failure)
    {
        if (champion is not null)
            await Registry.MoveAliasAsync(Model, "champion", await RegisterAsync(champion), cancellationToken: Cancel);
        int version = await RegisterAsync(candidate);

        await AssertAsync(new PromotionPolicy { Name = "p", Metrics = [rule] }, version, failure);
    }

    [Fact]
    public async Task A_champion_without_the_metric_is_no_hindrance()
    {
        await Registry.MoveAliasAsync(Model, "champion", await RegisterAsync(), cancellationToken: Cancel);

        await AssertAsync(new PromotionPolicy { Name = "p", Metrics = [s_notWorse] }, await RegisterAsync(0.1), failure: null);
    }

    public static TheoryData<string?, string?, string?> TagRules => new()
    {
        { "yes", "yes", null },
        { "yes", "no", "Tag 'reviewed' is 'no'; it must be 'yes'." },
        { "yes", null, "Tag 'reviewed' is missing; it must be 'yes'." },
        { null, "whatever", null },
        { null, null, "Tag 'reviewed' is missing." },
    };

    [Theory]
    [MemberData(nameof(TagRules))]
    public async Task A_tag_rule_asks_for_a_value_or_for_any(string? asked, string? actual, string? failure)
    {
        int version = await RegisterAsync(tags: actual is null ? null : new Dictionary<string, string> { ["reviewed"] = actual });

        await AssertAsync(new PromotionPolicy { Name = "p", RequiredTags = new Dictionary<string, string?> { ["reviewed"] = asked } }, version, failure);
    }

    [Fact]
    public async Task A_signature_that_callers_of_the_champion_can_use_passes()
    {
        await Registry.MoveAliasAsync(Model, "champion", await RegisterAsync(signature: Taking(ColumnType.Integer)), cancellationToken: Cancel);

        await AssertAsync(new PromotionPolicy { Name = "p", RequireCompatibleSignature = true }, await RegisterAsync(signature: Taking(ColumnType.Long)), failure: null);
    }

    [Fact]
    public async Task A_signature_that_callers_of_the_champion_cannot_use_is_refused()
    {
        await Registry.MoveAliasAsync(Model, "champion", await RegisterAsync(signature: Taking(ColumnType.Long)), cancellationToken: Cancel);

        await AssertAsync(
            new PromotionPolicy { Name = "p", RequireCompatibleSignature = true }, await RegisterAsync(signature: Taking(ColumnType.Integer)), "Callers of version 1 could not call it: input column 'age' was long and is integer.");
    }

    [Fact]
    public async Task An_unknown_signature_passes_only_where_there_is_no_champion()
    {
        PromotionPolicy policy = new() { Name = "p", RequireCompatibleSignature = true };
        await AssertAsync(policy, await RegisterAsync(), failure: null);

        await AssertAsync(policy, await RegisterAsync(signature: Taking(ColumnType.Long)), "Callers of version 1 could not call it: the signature before is unknown.");
    }

    [Fact]
    public async Task All_broken_rules_are_named_at_once()
    {
        int version = await RegisterAsync(0.1);
        await GuardAsync(new PromotionPolicy { Name = "p", Metrics = [new("auc") { AtLeast = 0.9 }, new("loss") { AtMost = 1 }], RequiredTags = new Dictionary<string, string?> { ["reviewed"] = null } });

        PromotionRefusedException refusal = await RefusedAsync<PromotionRefusedException>(() => ProposeAsync(version));

        Assert.Equal(["Metric 'auc' is 0.1; it must be at least 0.9.", "Metric 'loss' is missing.", "Tag 'reviewed' is missing."], refusal.Failures);
        Assert.Equal((Model, version, Champion, "p"), (refusal.Model, refusal.Version, refusal.Target, refusal.Policy));
        Assert.Contains("Metric 'loss' is missing.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_files_are_refused()
    {
        int version = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" });
        await DamageAsync(version);

        PromotionRefusedException refusal = await RefusedAsync<PromotionRefusedException>(() => ProposeAsync(version));

        Assert.Contains("weights.bin", Assert.Single(refusal.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_of_a_foreign_source_is_verified_before_it_is_promoted()
    {
        Folder.Write("elsewhere/weights.bin", "weights");
        ModelVersion version = await Registry.RegisterAsync(Model, ModelContent.FromUri(new Uri(Folder["elsewhere"]).AbsoluteUri), cancellationToken: Cancel);
        Assert.False(version.IsVerified);
        await GuardAsync(new PromotionPolicy { Name = "p" });

        Promotion promotion = await ProposeAsync(version.Number);

        version = await Registry.GetVersionAsync(Model, version.Number, Cancel);
        Assert.True(version.IsVerified);
        Assert.Equal(version.Facts.Manifest!.Digest, promotion.ContentDigest);
        Assert.Equal(PromotionStatus.Applied, promotion.Status);
    }

    [Fact]
    public async Task The_version_that_is_there_already_is_refused()
    {
        int version = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" });
        await ProposeAsync(version);

        Assert.Equal(["It is there already."], (await RefusedAsync<PromotionRefusedException>(() => ProposeAsync(version))).Failures);
    }

    [Fact]
    public async Task A_version_that_is_not_there_is_refused()
    {
        await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p" });

        await RefusedAsync<ModelVersionNotFoundException>(() => ProposeAsync(7));
    }

    [Fact]
    public async Task Files_that_are_not_those_that_were_proposed_are_refused()
    {
        int version = await RegisterAsync();
        await GuardAsync(new PromotionPolicy { Name = "p", Approvals = 1 });
        Promotion promotion = await ProposeAsync(version);
        RegisteredModel model = await Registry.GetModelAsync(Model, Cancel);
        ModelVersion found = await Registry.GetVersionAsync(Model, version, Cancel);

        // Behind the registry's back: other files, with a list that is right for them.
        await DamageAsync(version);
        ModelManifest manifest = new() { Files = [.. found.Facts.Manifest!.Files.Select(file => file.Path == "weights.bin" ? file with { Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([1, 2, 4])) } : file)] };
        await Store.CommitAsync(new RegistryCommit { ModelKey = model.Key, Revision = model.Revision, Actor = "eve", At = Clock.GetUtcNow(), Changes = [new RegistryEvent.VersionVerified(version, manifest)] }, Cancel);

        PromotionRefusedException refusal = await RefusedAsync<PromotionRefusedException>(() => ApproveAsync(promotion, Cem));

        Assert.Contains(manifest.Digest, Assert.Single(refusal.Failures), StringComparison.Ordinal);
    }

    private static ModelSignature Taking(ColumnType type) => new()
    {
        Inputs = new SignatureSchema { Columns = [new ColumnSpec("age", type)] },
        Outputs = new SignatureSchema { Columns = [new ColumnSpec("score", ColumnType.Double)] },
    };

    private async Task AssertAsync(PromotionPolicy policy, int version, string? failure)
    {
        await GuardAsync(policy);
        if (failure is null)
        {
            Assert.Equal(PromotionStatus.Applied, (await ProposeAsync(version)).Status);
            Assert.Equal(version, await ChampionAsync());
        }
        else
        {
            Assert.Equal([failure], (await RefusedAsync<PromotionRefusedException>(() => ProposeAsync(version))).Failures);
        }
    }
}
