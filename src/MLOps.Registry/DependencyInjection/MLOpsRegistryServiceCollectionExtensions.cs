using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MLOps.Registry;
using MLOps.Registry.Events;
using MLOps.Tracking;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds model registries to a container.</summary>
public static class MLOpsRegistryServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="ModelRegistry"/> and its store as singletons. It works with the container's <see cref="Tracker"/>, if there is one.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Chooses the store and sets options, in the words of <see cref="ModelRegistry.Open"/>.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">A registry without a key has been added before, or no store was chosen.</exception>
    public static IServiceCollection AddMLOpsRegistry(this IServiceCollection services, Action<RegistryBuilder> configure)
    {
        RegistryBuilder builder = Register(services, Options.Options.DefaultName, configure);
        services.AddSingleton(provider => Create(builder, provider, provider.GetService<Tracker>()));
        services.AddSingleton(provider => provider.GetRequiredService<ModelRegistry>().Store);
        if (builder.Webhooks.Count > 0)
            services.AddSingleton<IHostedService>(provider => new WebhookStart(() => provider.GetRequiredService<ModelRegistry>()));
        return services;
    }

    /// <summary>Adds a further <see cref="ModelRegistry"/> and its store as keyed singletons. It works with the container's <see cref="Tracker"/> of the same key, if there is one.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="key">The key, also the name of the options.</param>
    /// <param name="configure">Chooses the store and sets options.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">A registry with this key has been added before, or no store was chosen.</exception>
    public static IServiceCollection AddMLOpsRegistry(this IServiceCollection services, string key, Action<RegistryBuilder> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        RegistryBuilder builder = Register(services, key, configure);
        services.AddKeyedSingleton(key, (provider, _) => Create(builder, provider, provider.GetKeyedService<Tracker>(key)));
        services.AddKeyedSingleton(key, (provider, _) => provider.GetRequiredKeyedService<ModelRegistry>(key).Store);
        if (builder.Webhooks.Count > 0)
            services.AddSingleton<IHostedService>(provider => new WebhookStart(() => provider.GetRequiredKeyedService<ModelRegistry>(key)));
        return services;
    }

    private static RegistryBuilder Register(IServiceCollection services, string name, Action<RegistryBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        object? serviceKey = name.Length == 0 ? null : name;
        if (services.Any(service => service.ServiceType == typeof(ModelRegistry) && Equals(service.ServiceKey, serviceKey)))
            throw new InvalidOperationException(name.Length == 0 ? "A registry has been added already. Give a second one a key: AddMLOpsRegistry(\"audit\", …)." : $"A registry with the key '{name}' has been added already.");

        var builder = new RegistryBuilder(name, services);
        configure(builder);
        if (builder.CreateStore is null)
            throw new InvalidOperationException("No store was chosen. Call UseSqlite(\"mlops.db\") or another UseX in AddMLOpsRegistry.");
        services.AddOptions<RegistryOptions>(name).Configure(builder.Apply).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RegistryOptions>, RegistryOptionsValidator>());
        return builder;
    }

    private static ModelRegistry Create(RegistryBuilder builder, IServiceProvider provider, Tracker? tracker) =>
        new(builder, provider.GetRequiredService<IOptionsMonitor<RegistryOptions>>().Get(builder.StoreName), builder.Tracker ?? tracker, provider);
}
