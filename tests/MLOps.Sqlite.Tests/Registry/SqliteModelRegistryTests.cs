using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Contract;
using MLOps.Registry.Storage;

namespace MLOps.Sqlite.Tests.Registry;

public sealed class SqliteModelRegistryTests : ModelRegistryContract
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<IRegistryStore> CreateAsync(FakeTimeProvider clock) => ValueTask.FromResult<IRegistryStore>(new SqliteRegistryStore(_folder["mlops.db"], time: clock));

    protected override async ValueTask<IRegistryStore> ReopenAsync(IRegistryStore store, FakeTimeProvider clock)
    {
        await store.DisposeAsync();
        return await CreateAsync(clock);
    }

    protected override ValueTask<IRegistryStore> OpenAnotherAsync(IRegistryStore store, FakeTimeProvider clock) => CreateAsync(clock);

    protected override ValueTask CleanUpAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
