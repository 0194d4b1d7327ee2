namespace MLOps.Registry.Contract;

/// <summary>What every store of a registry does. A back end is right when a class of its tests inherits this one and <see cref="ModelRegistryContract"/> and passes.</summary>
/// <remarks>The core holds for all stores; a test of a capability is skipped where the store lacks it, and there <c>RegistryStoreContract.Capabilities.cs</c> demands <see cref="NotSupportedException"/>.</remarks>
public abstract partial class RegistryStoreContract : RegistryContract;
