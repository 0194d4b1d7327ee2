using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    [Fact]
    public async Task A_store_without_an_audit_log_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(RegistryCapabilities.Audit), "The store has an audit log.");

        await AssertNamedAsync(RegistryCapabilities.Audit, async () => await Store.GetAuditHeadAsync(Cancellation));
        await AssertNamedAsync(RegistryCapabilities.Audit, async () => await Store.ReadAuditAsync(0, 1, Cancellation));
        await AssertNamedAsync(RegistryCapabilities.Audit, async () => await Store.ReadAuditAsync(Guid.NewGuid(), null, 0, 1, Cancellation));
        await AssertNamedAsync(RegistryCapabilities.Audit, async () => await Store.FindModelKeysAsync("fraud", Cancellation));
    }

    [Fact]
    public async Task A_store_without_promotions_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(RegistryCapabilities.Promotion), "The store keeps promotions.");
        Guid key = await MakeModelAsync("fraud", Version(1));

        await AssertNamedAsync(RegistryCapabilities.Promotion, async () => await Store.FindPromotionAsync(Guid.NewGuid(), Cancellation));
        await AssertNamedAsync(RegistryCapabilities.Promotion, async () => await Store.FindPromotionsAsync(key, status: null, Cancellation));
        await AssertNamedAsync(RegistryCapabilities.Promotion, () => CommitAsync(key, new RegistryEvent.PolicySet(PromotionTarget.Alias("champion"), s_policy, Reason: null)));
    }

    [Fact]
    public async Task A_store_without_cursors_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(RegistryCapabilities.Cursors), "The store has cursors.");

        await AssertNamedAsync(RegistryCapabilities.Cursors, async () => await TakeAsync("hooks", s_one));
        await AssertNamedAsync(RegistryCapabilities.Cursors, async () => await MoveAsync("hooks", s_one, 1));
    }

    [Fact]
    public void A_store_tells_where_it_is() => Assert.NotEqual("", Store.Address);

    [Fact]
    public async Task A_call_that_is_cancelled_before_it_begins_does_nothing()
    {
        Guid key = await MakeModelAsync("fraud", Version(1));
        string before = await ReadAllAsync();
        CancellationToken cancelled = new(canceled: true);
        List<Func<Task>> calls =
        [
            async () => await Store.CommitAsync(new RegistryCommit { ModelKey = key, Revision = 1, Changes = [new RegistryEvent.ModelDescribed("x")], Actor = Ann, At = Now }, cancelled),
            async () => await Store.FindModelAsync("fraud", cancelled),
            async () => await Store.FindModelAsync(key, cancelled),
            async () => await Store.FindVersionAsync("fraud", 1, cancelled),
            async () => await Store.FindVersionAsync("fraud", "champion", cancelled),
            async () => await Store.FindLatestVersionsAsync("fraud", cancelled),
            async () => await Store.FindVersionsInStageAsync("fraud", ModelStage.Staging, cancelled),
            async () => await Store.FindVersionsAsync(new LineageLink { Commit = "c" }, cancelled),
            async () => await Store.FindModelsAsync(new RegisteredModelQuery(), new(), cancelled),
            async () => await Store.FindVersionsAsync(new ModelVersionQuery(), new(), cancelled),
        ];
        if (Store.Capabilities.HasFlag(RegistryCapabilities.Audit))
        {
            calls.Add(async () => await Store.GetAuditHeadAsync(cancelled));
            calls.Add(async () => await Store.ReadAuditAsync(0, 1, cancelled));
            calls.Add(async () => await Store.ReadAuditAsync(key, null, 0, 1, cancelled));
            calls.Add(async () => await Store.FindModelKeysAsync("fraud", cancelled));
        }

        if (Store.Capabilities.HasFlag(RegistryCapabilities.Promotion))
        {
            calls.Add(async () => await Store.FindPromotionAsync(Guid.NewGuid(), cancelled));
            calls.Add(async () => await Store.FindPromotionsAsync(key, status: null, cancelled));
        }

        if (Store.Capabilities.HasFlag(RegistryCapabilities.Cursors))
        {
            calls.Add(async () => await Store.TakeCursorAsync("hooks", s_one, s_hold, cancelled));
            calls.Add(async () => await Store.MoveCursorAsync("hooks", s_one, 1, cancelled));
        }

        foreach (Func<Task> call in calls)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(call);

        Assert.Equal(before, await ReadAllAsync());
        if (Store.Capabilities.HasFlag(RegistryCapabilities.Cursors))
            Assert.NotNull(await TakeAsync("hooks", s_two));
    }

    private static async Task AssertNamedAsync(RegistryCapabilities capability, Func<Task> call) =>
        Assert.Contains($"{capability}", (await Assert.ThrowsAsync<NotSupportedException>(call)).Message, StringComparison.Ordinal);
}
