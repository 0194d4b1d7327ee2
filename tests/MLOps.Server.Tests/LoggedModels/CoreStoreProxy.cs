using System.Reflection;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Tests.LoggedModels;

/// <summary>A store that says that it keeps no logged models; all else it does as the one behind it.</summary>
public class CoreStoreProxy : DispatchProxy
{
    private ITrackingStore _inner = null!;

    public static ITrackingStore Over(ITrackingStore inner)
    {
        ITrackingStore store = Create<ITrackingStore, CoreStoreProxy>();
        ((CoreStoreProxy)(object)store)._inner = inner;
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == $"get_{nameof(ITrackingStore.Capabilities)}" ? _inner.Capabilities & ~StoreCapabilities.LoggedModels : targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
}
