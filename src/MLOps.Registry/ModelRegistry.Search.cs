using System.Runtime.CompilerServices;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <content>Searches.</content>
public sealed partial class ModelRegistry
{
    private const int PageSize = 200;

    /// <summary>Finds models, page by page as they are asked for.</summary>
    /// <param name="query">Which, and in which order; null for all, by name.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The models.</returns>
    /// <exception cref="ArgumentException">The filter or the order names what models do not have.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public IAsyncEnumerable<RegisteredModel> FindModelsAsync(RegisteredModelQuery? query = null, CancellationToken cancellationToken = default)
    {
        RegisteredModelQuery question = query ?? new();
        question.Check(new PageRequest());
        return PagesAsync((page, token) => Store.FindModelsAsync(question, page, token), cancellationToken);
    }

    /// <summary>Finds versions, page by page as they are asked for.</summary>
    /// <param name="query">Which, and in which order; null for all, the last changed first.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The versions.</returns>
    /// <exception cref="ArgumentException">The filter or the order names what versions do not have.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read.</exception>
    public IAsyncEnumerable<ModelVersion> FindVersionsAsync(ModelVersionQuery? query = null, CancellationToken cancellationToken = default)
    {
        ModelVersionQuery question = query ?? new();
        question.Check(new PageRequest());
        return PagesAsync((page, token) => Store.FindVersionsAsync(question, page, token), cancellationToken);
    }

    private static async IAsyncEnumerable<T> PagesAsync<T>(Func<PageRequest, CancellationToken, ValueTask<Page<T>>> find, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            Page<T> page = await find(new PageRequest { Size = PageSize, Token = token }, cancellationToken).ConfigureAwait(false);
            foreach (T item in page.Items)
                yield return item;
            token = page.NextToken;
        }
        while (token is not null);
    }
}
