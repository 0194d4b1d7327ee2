using Microsoft.Extensions.Primitives;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry;

/// <content>Models in use.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Resolves a URI to verified local files.</summary>
    public Task<ModelFiles> ResolveAsync(ModelUri uri, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Gives a token that changes when a URI may name another version.</summary>
    public IChangeToken Watch(ModelUri uri) => throw new NotSupportedException("To come.");

    /// <summary>Loads a model and loads another one when the alias moves. Without a container; with one, see <c>AddModel</c>.</summary>
    public Task<ModelSource<T>> OpenModelAsync<T>(ModelUri uri, Func<ModelFiles, CancellationToken, ValueTask<T>> load, ModelSourceOptions? options = null, CancellationToken cancellationToken = default)
        where T : class => throw new NotSupportedException("To come.");
}
