using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MLOps.Tracking;
using MLOps.Tracking.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds trackers to a container.</summary>
public static class MLOpsTrackingServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="Tracker"/> and its <see cref="ITrackingStore"/> as singletons. The tracker opens, and adopts what ended processes left, when the host starts.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Chooses the store and sets options, in the words of <see cref="Tracker.Open"/>.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">A tracker without a key has been added before.</exception>
    public static IServiceCollection AddMLOpsTracking(this IServiceCollection services, Action<TrackingBuilder> configure)
    {
        TrackingBuilder builder = Register(services, Options.Options.DefaultName, configure);
        // The store is made before its tracker, so that the container disposes it after the tracker, which still writes to it then.
        services.AddSingleton(provider => CreateStore(builder, provider));
        services.AddSingleton(provider => Create(builder, provider, provider.GetRequiredService<ITrackingStore>()));
        services.AddSingleton(provider => provider.GetRequiredService<Tracker>().ArtifactStores);
        services.AddSingleton<IHostedService>(provider => new TrackerHost(() => provider.GetRequiredService<Tracker>()));
        return services;
    }

    /// <summary>Adds a further <see cref="Tracker"/> and its <see cref="ITrackingStore"/> as keyed singletons.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="key">The key, also the name of the options.</param>
    /// <param name="configure">Chooses the store and sets options.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">A tracker with this key has been added before.</exception>
    public static IServiceCollection AddMLOpsTracking(this IServiceCollection services, string key, Action<TrackingBuilder> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        TrackingBuilder builder = Register(services, key, configure);
        services.AddKeyedSingleton(key, (provider, _) => CreateStore(builder, provider));
        services.AddKeyedSingleton(key, (provider, _) => Create(builder, provider, provider.GetRequiredKeyedService<ITrackingStore>(key)));
        services.AddKeyedSingleton(key, (provider, _) => provider.GetRequiredKeyedService<Tracker>(key).ArtifactStores);
        services.AddSingleton<IHostedService>(provider => new TrackerHost(() => provider.GetRequiredKeyedService<Tracker>(key)));
        return services;
    }

    private static TrackingBuilder Register(IServiceCollection services, string name, Action<TrackingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        object? serviceKey = name.Length == 0 ? null : name;
        if (services.Any(service => service.ServiceType == typeof(Tracker) && Equals(service.ServiceKey, serviceKey)))
            throw new InvalidOperationException(name.Length == 0 ? "A tracker has been added already. Give a second one a key: AddMLOpsTracking(\"audit\", …)." : $"A tracker with the key '{name}' has been added already.");

        var builder = new TrackingBuilder(name, services);
        configure(builder);
        if (builder.CreateStore is null)
            throw new InvalidOperationException("No store was chosen. Call UseSqlite(\"mlops.db\") or another UseX in AddMLOpsTracking.");
        services.AddOptions<TrackingOptions>(name).Configure(builder.Apply).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TrackingOptions>, TrackingOptionsValidator>());
        return builder;
    }

    private static ITrackingStore CreateStore(TrackingBuilder builder, IServiceProvider provider) => builder.CreateStore!(Tracker.ContextOf(builder, OptionsOf(builder, provider), provider));

    private static Tracker Create(TrackingBuilder builder, IServiceProvider provider, ITrackingStore store) => new(builder, OptionsOf(builder, provider), provider, store);

    private static TrackingOptions OptionsOf(TrackingBuilder builder, IServiceProvider provider) => provider.GetRequiredService<IOptionsMonitor<TrackingOptions>>().Get(builder.StoreName);
}
