using Microsoft.Extensions.Hosting;

namespace MLOps.Tracking;

/// <summary>Opens a tracker when the host starts, so that a wrong store is found then and dead journals are adopted even if nothing is logged; closes it when all services of the host have stopped.</summary>
/// <remarks>Left to the container, the store, which it hands out by itself, would be disposed before the tracker that still has records for it.</remarks>
internal sealed class TrackerHost(Func<Tracker> open) : IHostedLifecycleService
{
    private Tracker? _tracker;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _tracker = open();
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_tracker is not null)
            await _tracker.DisposeAsync().ConfigureAwait(false);
    }
}
