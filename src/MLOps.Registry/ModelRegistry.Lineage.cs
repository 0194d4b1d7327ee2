using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <content>Lineage and cards.</content>
public sealed partial class ModelRegistry
{
    private const int DeepestLineage = 1_000;

    /// <summary>Walks from a version to what it was made from, and to what was made from it.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="depth">How many versions to walk each way, 0 to 1,000: 0 gives its own run, datasets and code alone. Default: 10.</param>
    /// <param name="siblings">Whether to find also the versions of the same run, and of runs on the same datasets. Default: no.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <returns>The graph, at most <see cref="LineageGraph.MostNodes"/> nodes. Each version of it is read once on the way up and asked once for its children on the way down, one after the other: changes meanwhile may show in part.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The depth is out of its range.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version. Deleted parents raise nothing: they are shown as missing.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<LineageGraph> GetLineageAsync(string model, int number, int depth = 10, bool siblings = false, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(depth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, DeepestLineage);
        ModelVersion middle = await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
        return await new LineageWalk(Store, depth, LineageGraph.MostNodes).RunAsync(middle, siblings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds the versions that a run made, that were trained on a dataset or from a commit, or that were made from another version.</summary>
    /// <param name="link">What they have in common.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The versions, in the order in which they were registered.</returns>
    /// <exception cref="ArgumentException">The link gives nothing, or more than one thing.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    /// <example><code>IReadOnlyList&lt;ModelVersion> trained = await registry.FindVersionsAsync(new LineageLink { DatasetDigest = digest });</code></example>
    public async Task<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(link);
        bool[] given = [link.RunId is not null, link.Parent is not null, link.DatasetDigest is not null, link.Commit is not null];
        if (given.Count(one => one) != 1)
            throw new ArgumentException("A link gives exactly one of RunId, Parent, DatasetDigest and Commit.", nameof(link));

        // By what the model is, not by what it was called.
        if (link is { Parent: { } parent, ParentKey: null } && await Store.FindModelAsync(parent.Model, cancellationToken).ConfigureAwait(false) is { } model)
            link = link with { ParentKey = model.Key };
        return await Store.FindVersionsAsync(link, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the card of a version: what it is, what it is for, how good it is, where it came from and who approved it.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="options">What the registry cannot know; null takes all of it from tags.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The card.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public async Task<ModelCard> CreateCardAsync(string model, int number, ModelCardOptions? options = null, CancellationToken cancellationToken = default)
    {
        RegisteredModel registered = await GetModelAsync(model, cancellationToken).ConfigureAwait(false);
        ModelVersion version = await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Promotion> promotions = Store.Capabilities.HasFlag(RegistryCapabilities.Promotion)
            ? await Store.FindPromotionsAsync(registered.Key, status: null, cancellationToken).ConfigureAwait(false)
            : [];
        return ModelCard.Of(registered, version, [.. promotions.Where(promotion => promotion.Version == number)], options ?? new());
    }
}
