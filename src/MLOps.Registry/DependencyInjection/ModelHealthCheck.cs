using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MLOps.Registry.Serving;

namespace MLOps.Registry;

/// <summary>Tells how the models of a container are, all in one check: <c>AddHealthChecks().AddCheck&lt;ModelHealthCheck&gt;("models")</c>.</summary>
/// <param name="services">The container.</param>
/// <remarks>
/// Healthy when each model is loaded and is the one that its URI names. Degraded when one serves though the last attempt to follow its alias failed, or the registry is away.
/// The failure status of the registration (unhealthy by default) when one has no model at all. The data has for each URI the version, when it was loaded, and what failed. Safe for use from any thread.
/// </remarks>
public sealed class ModelHealthCheck(IServiceProvider services) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        HealthStatus status = HealthStatus.Healthy;
        List<string> troubles = [];
        Dictionary<string, object> data = new(StringComparer.Ordinal);
        foreach (IServedModel model in services.GetServices<IServedModel>())
        {
            (string uri, DateTimeOffset? loadedAt, Exception? failure, bool isOffline) = (model.Uri.ToString(), model.LoadedAt, model.Failure, model.IsOffline);
            if (model.Version is { } version)
                data[$"{uri} version"] = version.Number;
            if (loadedAt is { } at)
                data[$"{uri} loaded at"] = at.ToString("O", CultureInfo.InvariantCulture);
            if (failure is not null)
                data[$"{uri} error"] = failure.Message;
            string? trouble = loadedAt is null ? "has no model" : failure is not null ? "could not follow its alias" : isOffline ? "serves while the registry is away" : null;
            if (trouble is null)
                continue;
            troubles.Add($"{uri} {trouble}.");
            HealthStatus own = loadedAt is null ? context.Registration?.FailureStatus ?? HealthStatus.Unhealthy : HealthStatus.Degraded;
            status = own < status ? own : status;
        }

        return Task.FromResult(new HealthCheckResult(status, troubles.Count == 0 ? null : string.Join(' ', troubles), data: data));
    }
}
