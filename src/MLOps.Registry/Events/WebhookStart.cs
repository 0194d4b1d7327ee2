using Microsoft.Extensions.Hosting;

namespace MLOps.Registry.Events;

/// <summary>Opens a registry that has webhooks when the host starts, so that they deliver also while nothing else in the host uses the registry.</summary>
internal sealed class WebhookStart(Func<ModelRegistry> open) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        open();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
