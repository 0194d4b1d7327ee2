using Microsoft.Extensions.Configuration;
using MLOps.Tracking;

namespace Snippets;

internal static class Operating
{
    public static async Task FlushAsync(Tracker tracker, Run run)
    {
        // <flush>
        run.LogMetric("loss", 0.31);                     // survives kill -9 from here on
        await run.FlushAsync(Durability.Disk);           // survives a power loss
        await tracker.FlushAsync(Durability.Store);      // survives the loss of the journal: the store has it
        // </flush>
        await run.EndAsync(RunStatus.Finished);
    }

    public static void Watch(Tracker tracker)
    {
        // <health>
        RunHealth health = tracker.Health;
        if (!health.IsHealthy)
            Console.WriteLine($"{health.Dropped} points dropped, {health.Rejected} records refused, {health.Full}, {health.StoreError?.Message}");
        // </health>
    }

    public static async Task ConfigureAsync()
    {
        IConfiguration configuration = new ConfigurationBuilder().Build();
        // <configure>
        await using var tracker = Tracker.Open(t => t
            .UseSqlite("mlops.db")
            .Bind(configuration.GetSection("MLOps:Tracking"))
            .Configure(options =>
            {
                options.Journal.SyncInterval = TimeSpan.FromMilliseconds(20);
                options.Journal.OnFull = OnFull.Wait;
                options.SystemMetricsInterval = TimeSpan.FromSeconds(10);
            }));
        // </configure>
    }
}
