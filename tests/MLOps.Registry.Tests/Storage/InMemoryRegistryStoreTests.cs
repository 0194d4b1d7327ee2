using Microsoft.Extensions.Time.Testing;
using MLOps.Registry.Contract;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Storage;

public sealed class InMemoryRegistryStoreTests : RegistryStoreContract
{
    protected override ValueTask<IRegistryStore> CreateAsync(FakeTimeProvider clock) => ValueTask.FromResult<IRegistryStore>(new InMemoryRegistryStore(clock));

    [Fact]
    public void It_has_every_capability() => Assert.All(Enum.GetValues<RegistryCapabilities>(), capability => Assert.True(Store.Capabilities.HasFlag(capability)));
}
