using Microsoft.Extensions.Primitives;

namespace MLOps.Registry;

/// <summary>Gives a loaded model, and another one when the alias moves.</summary>
/// <typeparam name="T">The loaded model.</typeparam>
public sealed class ModelSource<T> : IModelSource<T>, IAsyncDisposable
    where T : class
{
    internal ModelSource()
    {
    }

    /// <inheritdoc/>
    public ModelVersion? Version => throw new NotSupportedException("To come.");

    /// <inheritdoc/>
    public ModelLease<T> Acquire() => throw new NotSupportedException("To come.");

    /// <inheritdoc/>
    public IChangeToken GetChangeToken() => throw new NotSupportedException("To come.");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotSupportedException("To come.");
}
