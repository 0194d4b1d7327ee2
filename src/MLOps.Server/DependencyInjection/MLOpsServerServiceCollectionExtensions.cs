using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using MLOps.Registry;
using MLOps.Server;
using MLOps.Server.Access;
using MLOps.Server.Artifacts;
using MLOps.Server.Artifacts.Multipart;
using MLOps.Server.Experiments;
using MLOps.Server.LoggedModels;
using MLOps.Server.Metrics;
using MLOps.Server.Registry;
using MLOps.Server.Runs;
using MLOps.Server.Wire;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what the routes of <c>MapMLOps</c> need.</summary>
public static class MLOpsServerServiceCollectionExtensions
{
    /// <summary>Adds the server. It answers from the tracker of <c>AddMLOpsTracking</c> and the registry of <c>AddMLOpsRegistry</c>, in any order; <c>app.MapMLOps()</c> maps its routes.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options; null takes the defaults.</param>
    /// <returns>The services.</returns>
    /// <remarks>In the audit log of the registry the authenticated caller of a request is who acts, unless the host has an <see cref="IActorProvider"/> of its own.</remarks>
    /// <example><code>
    /// builder.Services.AddMLOpsTracking(t => t.UseSqlite("mlops.db"));
    /// builder.Services.AddMLOpsRegistry(r => r.UseSqlite("mlops.db"));
    /// builder.Services.AddMLOpsServer();
    /// </code></example>
    public static IServiceCollection AddMLOpsServer(this IServiceCollection services, Action<MLOpsServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(MlflowDispatcher)))
            throw new InvalidOperationException("The server has been added already: AddMLOpsServer is called once.");
        services.AddOptions<MLOpsServerOptions>().Configure(options => configure?.Invoke(options)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MLOpsServerOptions>, MLOpsServerOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<CallerActor>();
        services.TryAddSingleton<IActorProvider>(provider => provider.GetRequiredService<CallerActor>());
        services.AddSingleton<AccessGate>();
        services.AddSingleton<MlflowDispatcher>();
        services.AddSingleton<DoubledSlashFilter>();
        services.AddSingleton<IStartupFilter>(provider => provider.GetRequiredService<DoubledSlashFilter>());
        services.AddSingleton<ModelSourceRules>();
        services.AddSingleton<LoggedModelRegistrations>();
        services.AddSingleton<IRouteSet, ServerRoutes>();
        services.AddSingleton<IRouteSet, ExperimentRoutes>();
        services.AddSingleton<IRouteSet, RunRoutes>();
        services.AddSingleton<IRouteSet, RunInputRoutes>();
        services.AddSingleton<IRouteSet, MetricRoutes>();
        services.AddSingleton<IRouteSet, HistoryRoutes>();
        services.AddSingleton<IStartupFilter, ArtifactTargetFilter>();
        services.AddSingleton<OpenedFolders>();
        services.AddSingleton<ArtifactFolders>();
        services.AddSingleton<ArtifactDownload>();
        services.AddSingleton(provider => new UploadStaging(UploadStaging.FolderFor(provider.GetService<ArtifactProxy>()), provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.AddSingleton<MultipartRoutes>();
        services.AddSingleton<IRouteSet, ArtifactRoutes>();
        services.AddSingleton<IRouteSet, ProxyRoutes>();
        services.AddSingleton<IRouteSet, RegisteredModelRoutes>();
        services.AddSingleton<IRouteSet, ModelVersionRoutes>();
        services.AddSingleton<IRouteSet, LoggedModelRoutes>();
        return services;
    }
}
