using Microsoft.Extensions.Hosting;
using MLOps.Registry.Serving;

namespace MLOps.Registry;

/// <summary>Loads a model before any service of the host starts, so that none is asked before it can answer, and closes it after all have stopped.</summary>
internal sealed class ModelHost(IServedModel model) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => model.StartAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => model.DisposeAsync().AsTask();
}
