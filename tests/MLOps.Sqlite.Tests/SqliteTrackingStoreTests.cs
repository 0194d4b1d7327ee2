using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Contract;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Tests;

public sealed class SqliteTrackingStoreTests : TrackingStoreContract
{
    private readonly StoreFolder _folder = new();

    protected override ValueTask<ITrackingStore> CreateAsync(FakeTimeProvider clock) => ValueTask.FromResult<ITrackingStore>(_folder.Open(time: clock));

    protected override async ValueTask<ITrackingStore> ReopenAsync(ITrackingStore store, FakeTimeProvider clock)
    {
        await store.DisposeAsync();
        return _folder.Open(time: clock);
    }

    protected override ValueTask CleanUpAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
