// <host>
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MLOps.Tracking;

// </host>
namespace Snippets;

internal static class GettingStarted
{
    public static async Task ReadBackAsync(Tracker tracker)
    {
        // <read-back>
        Experiment churn = await tracker.GetExperimentAsync("churn");
        await foreach (RunDetails run in tracker.FindRunsAsync(new RunQuery { Experiments = [churn.Id] }))
            Console.WriteLine($"{run.Info.Name}  {run.Info.Status}  loss {run.Metrics["loss"].Value}");
        // </read-back>
    }

    public static async Task HostAsync()
    {
        // <host>
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddMLOpsTracking(t => t.UseSqlite("mlops.db"));
        builder.Services.AddMLOpsTracking("audit", t => t.UseSqlite("audit.db"));
        builder.Services.AddSingleton<Trainer>();
        using IHost host = builder.Build();
        // </host>
        await host.StartAsync();
        await host.Services.GetRequiredService<Trainer>().TrainAsync();
        await host.StopAsync();
    }
}

// <trainer>
internal sealed class Trainer(Tracker tracker, [FromKeyedServices("audit")] Tracker audit)
{
    public Task TrainAsync() => tracker.RunAsync("churn", async run =>
    {
        run.LogMetric("loss", 0.31, step: 1);
        await audit.RunAsync("trainings", trail => { trail.SetTag("run", run.Id.Value); return Task.CompletedTask; });
    });
}
// </trainer>
