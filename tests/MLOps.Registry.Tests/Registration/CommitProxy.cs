using System.Reflection;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Registration;

/// <summary>A registry store whose commits a test takes into its hands; all else goes to the store behind it.</summary>
public class CommitProxy : DispatchProxy
{
    private IRegistryStore _inner = null!;
    private Func<RegistryCommit, Func<ValueTask<CommitOutcome>>, ValueTask<CommitOutcome>> _commit = null!;

    public static IRegistryStore Of(IRegistryStore inner, Func<RegistryCommit, Func<ValueTask<CommitOutcome>>, ValueTask<CommitOutcome>> commit)
    {
        IRegistryStore proxy = Create<IRegistryStore, CommitProxy>();
        ((CommitProxy)(object)proxy)._inner = inner;
        ((CommitProxy)(object)proxy)._commit = commit;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name != nameof(IRegistryStore.CommitAsync))
            return targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        // Boxed once for the caller, who awaits it once.
#pragma warning disable CA2012
        return CommitAsync((RegistryCommit)args![0]!, (CancellationToken)args[1]!);
#pragma warning restore CA2012
    }

    private ValueTask<CommitOutcome> CommitAsync(RegistryCommit commit, CancellationToken cancellationToken) =>
        _commit(commit, () => _inner.CommitAsync(commit, cancellationToken));
}
