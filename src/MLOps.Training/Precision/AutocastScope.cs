namespace MLOps.Training;

/// <summary>The part of a program in which libtorch chooses the type of operations: see <see cref="Autocast.Enter"/>. Ends with <see cref="Dispose"/>, on the thread that it was entered on.</summary>
public sealed class AutocastScope : IDisposable
{
    [ThreadStatic]
    private static AutocastScope? _current;

    private readonly AutocastFunctions _functions;
    private readonly AutocastScope? _outer;
    private readonly Thread _thread;
    private readonly sbyte _device;
    private readonly bool _wasEnabled;
    private readonly sbyte _typeBefore;
    // libtorch keeps the casts of weights by weight, whatever type they were cast to: a scope of another type must not meet them, nor leave its own.
    private readonly bool _changesType;
    private bool _isLeft;

    internal AutocastScope(AutocastFunctions functions, sbyte device, sbyte type)
    {
        (_functions, _device, _outer, _thread) = (functions, device, _current, Thread.CurrentThread);
        (_wasEnabled, _typeBefore) = (functions.IsEnabled(device), functions.TypeOf(device));
        _changesType = _wasEnabled && _typeBefore != type;
        if (_changesType)
            functions.ClearCache();
        functions.Set(device, isEnabled: true, type);
        functions.Enter();
        _current = this;
    }

    /// <summary>Goes back to what was before the scope. A second call does nothing.</summary>
    /// <exception cref="InvalidOperationException">The scope was entered on another thread, or one that was entered within it is not disposed yet. It is then still open.</exception>
    public void Dispose()
    {
        if (_isLeft)
            return;
        if (_thread != Thread.CurrentThread)
            throw new InvalidOperationException($"An autocast scope belongs to the thread that entered it, which is {_thread.ManagedThreadId}; this one is {Environment.CurrentManagedThreadId}. Keep it on one thread: no await inside.");
        if (_current != this)
            throw new InvalidOperationException("An autocast scope that was entered within this one is not disposed yet. Dispose the inner one first, as using does.");
        (_isLeft, _current) = (true, _outer);
        _functions.Leave();
        if (_changesType)
            _functions.ClearCache();
        _functions.Set(_device, _wasEnabled, _typeBefore);
    }
}
