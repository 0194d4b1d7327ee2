using Microsoft.Extensions.Hosting;
using MLOps.Registry;
using MLOps.Registry.Serving;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds models in use to a container.</summary>
public static class MLOpsModelServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="IModelSource{T}"/> as a singleton, and as a keyed one under <paramref name="uri"/> as it is written here. The host loads the model before its services start, and does not start without it.</summary>
    /// <typeparam name="T">The loaded model; disposed when nobody holds it any more, if it can be.</typeparam>
    /// <param name="services">The container's services.</param>
    /// <param name="uri">Which model: <c>fraud@champion</c>.</param>
    /// <param name="load">Makes a model from its files, a new one at each call.</param>
    /// <param name="options">How to load and watch; null for the defaults.</param>
    /// <param name="registry">The key of the registry; null for the one without a key.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException"><paramref name="uri"/> is no model URI.</exception>
    /// <exception cref="InvalidOperationException">A model of this type has been added under this URI before.</exception>
    public static IServiceCollection AddModel<T>(this IServiceCollection services, string uri, Func<ModelFiles, CancellationToken, ValueTask<T>> load, ModelSourceOptions? options = null, string? registry = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(load);
        return services.AddModel(uri, (_, files, cancellationToken) => load(files, cancellationToken), options, registry);
    }

    /// <summary>Adds an <see cref="IModelSource{T}"/> whose loader takes services from the container. As the other overload in all else.</summary>
    /// <typeparam name="T">The loaded model; disposed when nobody holds it any more, if it can be.</typeparam>
    /// <param name="services">The container's services.</param>
    /// <param name="uri">Which model: <c>fraud@champion</c>.</param>
    /// <param name="load">Makes a model from its files, a new one at each call, with the container's root provider.</param>
    /// <param name="options">How to load and watch; null for the defaults.</param>
    /// <param name="registry">The key of the registry; null for the one without a key.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException"><paramref name="uri"/> is no model URI.</exception>
    /// <exception cref="InvalidOperationException">A model of this type has been added under this URI before.</exception>
    public static IServiceCollection AddModel<T>(this IServiceCollection services, string uri, Func<IServiceProvider, ModelFiles, CancellationToken, ValueTask<T>> load, ModelSourceOptions? options = null, string? registry = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(load);
        var parsed = ModelUri.Parse(uri);
        if (services.Any(service => service.ServiceType == typeof(IModelSource<T>) && Equals(service.ServiceKey, uri)))
            throw new InvalidOperationException($"A model of type {typeof(T).Name} has been added under '{uri}' already. Take it from the container, by this key.");
        services.AddKeyedSingleton(uri, (provider, _) => new ModelSource<T>(
            registry is null ? provider.GetRequiredService<ModelRegistry>() : provider.GetRequiredKeyedService<ModelRegistry>(registry),
            parsed,
            (files, cancellationToken) => load(provider, files, cancellationToken),
            options ?? new()));
        services.AddKeyedSingleton<IModelSource<T>>(uri, (provider, _) => provider.GetRequiredKeyedService<ModelSource<T>>(uri));
        services.AddSingleton<IModelSource<T>>(provider => provider.GetRequiredKeyedService<ModelSource<T>>(uri));
        services.AddSingleton<IServedModel>(provider => provider.GetRequiredKeyedService<ModelSource<T>>(uri));
        services.AddSingleton<IHostedService>(provider => new ModelHost(provider.GetRequiredKeyedService<ModelSource<T>>(uri)));
        return services;
    }
}
