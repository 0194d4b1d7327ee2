using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MLOps.Tracking;

namespace Snippets;

internal static class LogsAndCost
{
    public static async Task HostAsync()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        // <host-log>
        builder.Logging.AddRunLog();
        builder.Services.AddMLOpsTracking(t => t.UseSqlite("mlops.db"));
        // </host-log>
        using IHost host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
    }

    public static async Task LogAsync(Tracker tracker)
    {
        // A page shows logging as most programs write it.
#pragma warning disable CA1848, CA1873
        // <run-log>
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddRunLog(options => options.IncludeScopes = true));
        ILogger logger = loggers.CreateLogger("App.Trainer");
        await tracker.RunAsync("churn", run =>
        {
            logger.LogInformation("epoch {Epoch} has loss {Loss}", 1, 0.31);
            return Task.CompletedTask;
        });
        // </run-log>
#pragma warning restore CA1848, CA1873
    }

    public static async Task CostAsync()
    {
        // <cost>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .Configure(options => options.Prices = new PriceTable { Currency = "EUR", PerHour = 0.40m, PerGpuHour = 2.50m }));

        var spot = new RunOptions { Prices = new PriceTable { Currency = "EUR", PerHour = 0.12m, PerGpuHour = 0.90m, GpuCount = 4 } };
        RunId id = await tracker.RunAsync("churn", run => Task.FromResult(run.Id), spot);

        RunDetails details = await tracker.GetRunAsync(id);
        Console.WriteLine($"{details.Metrics["cost/total"].Value:F2} {details.Params["cost/currency"]}");
        // </cost>
    }
}
