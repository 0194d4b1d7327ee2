namespace MLOps.Registry;

/// <summary>A loaded model, held for the length of a request.</summary>
/// <typeparam name="T">The loaded model.</typeparam>
public sealed class ModelLease<T> : IDisposable
    where T : class
{
    private Action? _release;

    internal ModelLease(T model, ModelVersion? version, Action release) => (Model, Version, _release) = (model, version, release);

    /// <summary>The model. Not to be used after <see cref="Dispose"/>.</summary>
    public T Model { get; }

    /// <summary>Its version; null for a run's files.</summary>
    public ModelVersion? Version { get; }

    /// <summary>Lets the model go. A second call does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
