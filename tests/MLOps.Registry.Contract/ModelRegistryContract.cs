using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

/// <summary>What a registry does on every store that passes <see cref="RegistryStoreContract"/>: its rules, whole, in any order and by many at once.</summary>
public abstract partial class ModelRegistryContract : RegistryContract
{
    private ModelRegistry? _registry;

    /// <summary>A registry on the store, whose actor is ann.</summary>
    protected ModelRegistry Registry => _registry ??= Open(Ann);

    /// <summary>Opens a registry on the store; it closes with the store.</summary>
    protected ModelRegistry Open(string actor, IRegistryStore? store = null) =>
        ModelRegistry.Open(r => r.UseStore(_ => store ?? Store, Path.GetTempPath()).UseTimeProvider(Clock).UseActors(new Actor(actor)));

    protected async Task ReopenRegistryAsync()
    {
        await ReopenAsync();
        _registry = null;
    }

    /// <summary>Registers versions that lie elsewhere, so that no file is needed.</summary>
    protected async Task RegisterAsync(string model = "fraud", int count = 1)
    {
        for (int i = 0; i < count; i++)
            await Registry.RegisterAsync(model, ModelContent.FromUri("s3://models/fraud"), cancellationToken: Cancellation);
    }

    private sealed class Actor(string name) : IActorProvider
    {
        public string GetActor() => name;
    }
}
