using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MLOps.Tracking;
using MLOps.Tracking.Storage;

namespace Snippets;

internal static class Upkeep
{
    public static async Task ChangeAsync(Tracker tracker, RunId id)
    {
        // <upkeep-change>
        await tracker.RenameRunAsync(id, "baseline");
        await tracker.SetTagAsync(id, "stage", "candidate");
        await tracker.DeleteTagAsync(id, "team");

        Experiment churn = await tracker.GetExperimentAsync("churn");
        await tracker.SetExperimentTagAsync(churn.Id, "owner", "growth");
        await tracker.RenameExperimentAsync(churn.Id, "churn-2026");
        // </upkeep-change>
        await tracker.RenameExperimentAsync(churn.Id, "churn");
    }

    public static async Task DeleteAsync(Tracker tracker, RunId id)
    {
        // <upkeep-delete>
        await tracker.DeleteRunAsync(id);
        await tracker.RestoreRunAsync(id);

        Experiment churn = await tracker.GetExperimentAsync("churn");
        await tracker.DeleteExperimentAsync(churn.Id);
        await tracker.RestoreExperimentAsync(churn.Id);
        // </upkeep-delete>
    }

    public static async Task PurgeAsync(Tracker tracker)
    {
        // <upkeep-purge>
        var options = new PurgeOptions { DeletedFor = TimeSpan.FromDays(7) };
        PurgeReport would = await tracker.PurgeAsync(options with { DryRun = true });
        Console.WriteLine($"{would.Runs} runs with {would.ArtifactBytes} bytes of artifacts would go");

        PurgeReport report = await tracker.PurgeAsync(options);
        foreach (SkippedRun skipped in report.Skipped)
            Console.WriteLine($"{skipped.Id} stays: {skipped.Reason}");
        // </upkeep-purge>
    }

    public static async Task RetainAsync(Tracker tracker)
    {
        // <upkeep-retention>
        var policy = new RetentionPolicy
        {
            MaxAge = TimeSpan.FromDays(90),
            KeepNewest = 20,
            KeepTags = new Dictionary<string, string?> { ["keep"] = null, ["stage"] = "prod" },
            PurgeAfter = TimeSpan.FromDays(30),
        };
        RetentionReport would = await tracker.ApplyRetentionAsync(policy, dryRun: true);
        Console.WriteLine($"{would.Deleted.Count} runs would be deleted, {would.Purge?.Runs} purged");
        await tracker.ApplyRetentionAsync(policy);
        // </upkeep-retention>
    }

    public static void Host()
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        // <upkeep-schedule>
        builder.Services.AddMLOpsTracking(t => t
            .UseSqlite("mlops.db")
            .UseRetention(new RetentionPolicy { MaxAge = TimeSpan.FromDays(90) }, every: TimeSpan.FromHours(6)));
        // </upkeep-schedule>
        using IHost host = builder.Build();
    }

    public static async Task CheckAsync(Tracker tracker)
    {
        // <upkeep-check>
        CheckReport report = await tracker.CheckAsync(new CheckOptions { Artifacts = true });
        foreach (StoreFinding finding in report.Findings)
            Console.WriteLine($"{finding.Kind}: {finding.Message}");
        Console.WriteLine(report.IsSound ? $"sound; {report.ArtifactFiles} artifacts verified" : "damaged");
        // </upkeep-check>
    }

    public static async Task CompactAsync(Tracker tracker)
    {
        // <upkeep-compact>
        CompactResult result = await tracker.CompactAsync();
        Console.WriteLine($"{result.BytesBefore} → {result.BytesAfter} bytes");
        // </upkeep-compact>
    }
}
