using System.Reflection;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Promotions;

/// <summary>A registry store that does something, once, before it first answers one kind of question.</summary>
public class ReadProxy : DispatchProxy
{
    private IRegistryStore _inner = null!;
    private string _question = "";
    private Action? _first;

    public static IRegistryStore Of(IRegistryStore inner, string question, Action first)
    {
        IRegistryStore proxy = Create<IRegistryStore, ReadProxy>();
        var self = (ReadProxy)(object)proxy;
        (self._inner, self._question, self._first) = (inner, question, first);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == _question)
            Interlocked.Exchange(ref _first, null)?.Invoke();
        return targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
    }
}
