using System.Globalization;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace Snippets;

internal static class AuditLog
{
    public static async Task VerifyAsync()
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite("mlops.db"));
        // <audit-verify>
        AuditVerification found = await registry.VerifyAuditAsync();
        if (!found.IsIntact)
            Console.Error.WriteLine($"event {found.FirstBad}: {found.Problem}");
        // </audit-verify>
        using (var first = EcdsaCheckpointSigner.OpenFile("example.com/models", "checkpoint.pem"))
            await File.WriteAllTextAsync("last.checkpoint", (await registry.CreateCheckpointAsync(first)).Text);
        await SignAsync(registry);
        await ExportAsync(registry, Checkpoint.Parse(await File.ReadAllTextAsync("last.checkpoint")));
    }

    private static async Task SignAsync(ModelRegistry registry)
    {
        // <audit-checkpoint>
        using var signer = EcdsaCheckpointSigner.OpenFile("example.com/models", "checkpoint.pem");   // made with mode 0600 when it is not there

        Checkpoint last = Checkpoint.Parse(await File.ReadAllTextAsync("last.checkpoint"));
        if (!signer.Verifier.Verify(last) || !(await registry.VerifyAuditAsync([last])).IsIntact)
            throw new InvalidOperationException("The audit log is not the one that was signed.");
        Checkpoint next = await registry.CreateCheckpointAsync(signer);
        await File.WriteAllTextAsync("last.checkpoint", next.Text);
        // </audit-checkpoint>
    }

    private static async Task ExportAsync(ModelRegistry registry, Checkpoint checkpoint)
    {
        // <audit-export>
        await using (var file = File.Create("audit.jsonl"))
            await registry.ExportAuditAsync(file);

        await using var export = File.OpenRead("audit.jsonl");
        AuditVerification found = await AuditExport.VerifyAsync(export, [checkpoint]);
        // </audit-export>
        Console.WriteLine(found.Verified);
        // <audit-served>
        AliasChange? served = await registry.FindAliasAtAsync("fraud", "champion", DateTimeOffset.Parse("2026-03-01T12:00:00Z", CultureInfo.InvariantCulture));
        Console.WriteLine($"version {served?.To}, moved there by {served?.Actor} at {served?.At}: {served?.Reason}");
        // </audit-served>
    }

    public static async Task HearAsync()
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite("mlops.db"));
        // <events-subscribe>
        using IDisposable subscription = await registry.Events.SubscribeAsync(async (told, cancel) =>
        {
            if (told.Event.Change is RegistryEvent.AliasMoved { Alias: "champion" } moved)
                await Console.Out.WriteLineAsync($"{told.Subject} is version {moved.To} now".AsMemory(), cancel);
        });
        // </events-subscribe>
    }
}
