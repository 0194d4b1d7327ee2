using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_store_without_atomic_batches_refuses_to_promise_one()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(StoreCapabilities.AtomicBatch), "The store has atomic batches.");

        await AssertNamedAsync(StoreCapabilities.AtomicBatch, async () =>
            await Store.AppendAsync(new RecordBatch { OnReject = OnReject.RefuseAll, Records = [Started(RunId.New())] }, Cancellation));
    }

    [Fact]
    public async Task A_store_without_leases_says_so_at_every_lease_call()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(StoreCapabilities.Leases), "The store has leases.");
        LeaseOwner owner = new TestJournal(Clock).Owner;
        RunId run = await StartRunAsync();

        await AssertNamedAsync(StoreCapabilities.Leases, async () => await Store.RenewLeasesAsync(owner, TestJournal.LeaseDuration, Cancellation));
        await AssertNamedAsync(StoreCapabilities.Leases, async () => await Store.TakeLeaseAsync(run, owner, TestJournal.LeaseDuration, Cancellation));
        await AssertNamedAsync(StoreCapabilities.Leases, async () => await Store.CloseJournalAsync(owner.Journal, Cancellation));
    }

    [Fact]
    public async Task A_store_without_soft_deletion_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(StoreCapabilities.SoftDelete), "The store deletes softly.");
        RunId run = await StartRunAsync();

        await AssertNamedAsync(StoreCapabilities.SoftDelete, async () => await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation));
        await AssertNamedAsync(StoreCapabilities.SoftDelete, async () => await Store.SetExperimentLifecycleAsync(ExperimentId.Default, Lifecycle.Deleted, Cancellation));
    }

    [Fact]
    public async Task A_store_without_purge_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(StoreCapabilities.Purge), "The store purges.");
        RunId run = await StartRunAsync();

        await AssertNamedAsync(StoreCapabilities.Purge, async () => await Store.BeginPurgeAsync([run], Cancellation));
        await AssertNamedAsync(StoreCapabilities.Purge, async () => await Store.FindPurgingAsync(1, Cancellation));
        await AssertNamedAsync(StoreCapabilities.Purge, async () => await Store.EndPurgeAsync([run], Cancellation));
        await AssertNamedAsync(StoreCapabilities.Purge, async () => await Store.PurgeExperimentAsync(ExperimentId.Default, Cancellation));
        Assert.NotNull(await Store.FindRunAsync(run, Cancellation));
    }

    [Fact]
    public async Task A_store_without_maintenance_says_so()
    {
        Assert.SkipWhen(Store.Capabilities.HasFlag(StoreCapabilities.Maintenance), "The store can be checked and compacted.");

        await AssertNamedAsync(StoreCapabilities.Maintenance, CheckAsync);
        await AssertNamedAsync(StoreCapabilities.Maintenance, async () => await Store.CompactAsync(Cancellation));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        RunId run = RunId.New();
        CancellationToken cancelled = new(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.AppendAsync(new RecordBatch { Records = [Started(run)] }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CreateExperimentAsync("never", null, cancelled));

        Assert.Null(await Store.FindRunAsync(run, Cancellation));
        Assert.Null(await Store.FindExperimentAsync("never", Cancellation));
    }

    private static async Task AssertNamedAsync(StoreCapabilities missing, Func<Task> call)
    {
        NotSupportedException refused = await Assert.ThrowsAsync<NotSupportedException>(call);
        Assert.Contains(missing.ToString(), refused.Message, StringComparison.Ordinal);
    }
}
