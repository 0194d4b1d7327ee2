using Microsoft.Extensions.Primitives;

namespace MLOps.Registry;

/// <summary>Gives a loaded model, and another one when the alias moves: the old one until the new one is loaded, and to those who hold it until they let go.</summary>
/// <typeparam name="T">The loaded model; disposed when nobody holds it any more, if it can be.</typeparam>
/// <remarks>Safe for use from any thread.</remarks>
public interface IModelSource<T>
    where T : class
{
    /// <summary>The version that is loaded; null for a run's files.</summary>
    ModelVersion? Version { get; }

    /// <summary>Takes the model for the length of a request. Dispose the lease at its end.</summary>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidOperationException">No model is loaded: the host has not started, or a start without a model was allowed.</exception>
    /// <exception cref="ObjectDisposedException">The source is closed.</exception>
    ModelLease<T> Acquire();

    /// <summary>Gives a token that changes when another model has been loaded.</summary>
    /// <returns>The token; take another one after it has changed.</returns>
    IChangeToken GetChangeToken();
}
