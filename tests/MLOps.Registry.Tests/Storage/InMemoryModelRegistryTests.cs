using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Contract;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Storage;

public sealed class InMemoryModelRegistryTests : ModelRegistryContract
{
    protected override ValueTask<IRegistryStore> CreateAsync(FakeTimeProvider clock) => ValueTask.FromResult<IRegistryStore>(new InMemoryRegistryStore(clock));
}
