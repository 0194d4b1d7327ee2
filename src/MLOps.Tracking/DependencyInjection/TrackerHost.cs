using Microsoft.Extensions.Hosting;

namespace MLOps.Tracking;

/// <summary>Opens a tracker when the host starts, so that a wrong store is found then and dead journals are adopted even if nothing is logged.</summary>
internal sealed class TrackerHost(Func<Tracker> open) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        open();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
