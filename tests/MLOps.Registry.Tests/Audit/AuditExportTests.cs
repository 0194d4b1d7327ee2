using System.Text;
using System.Text.Json;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Audit;

public sealed class AuditExportTests : AuditTest
{
    [Fact]
    public async Task An_export_has_the_form_of_the_golden_file()
    {
        Guid key = new("0193a6b2-0000-7000-8000-000000000001");
        await CommitAsync(key, new RegistryEvent.ModelCreated("fraud", "Finds \"fraud\".", new Dictionary<string, string> { ["team"] = "risk" }));
        Clock.Advance(TimeSpan.FromMilliseconds(1234));
        await CommitAsync(key, Move("champion", null, 1));
        string export = Encoding.UTF8.GetString(await ExportAsync());

        string golden = Path.Combine(AppContext.BaseDirectory, "Audit", "export.jsonl");
        if (Environment.GetEnvironmentVariable("MLOPS_ACCEPT") == "1")
            await File.WriteAllTextAsync(SourceOf("export.jsonl"), export, Cancel);
        Assert.Equal(await File.ReadAllTextAsync(golden, Cancel), export);
    }

    [Fact]
    public async Task An_export_is_intact_by_itself()
    {
        await FillAsync(2500);
        byte[] export = await ExportAsync();

        Assert.Equal(new AuditVerification { Verified = 2500 }, await VerifyAsync(export));
        Assert.Equal(2500, export.Count(b => b == '\n'));
    }

    [Fact]
    public async Task Every_flipped_byte_of_an_export_is_found()
    {
        await FillAsync(TestLength.Of(3, 8));
        byte[] export = await ExportAsync();
        int line = 1;
        for (int i = 0; i < export.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                export[i] ^= (byte)(1 << bit);
                AuditVerification found = await VerifyAsync(export);
                Assert.Equal(line, found.FirstBad);
                Assert.Equal(line - 1, found.Verified);
                export[i] ^= (byte)(1 << bit);
            }

            line += export[i] == '\n' ? 1 : 0;
        }
    }

    [Fact]
    public async Task An_export_from_the_middle_goes_on_where_the_last_one_ended()
    {
        await FillAsync(10);
        byte[] first = await ExportAsync();
        using var rest = new MemoryStream();
        Guid key = Assert.Single(await Store.FindModelKeysAsync("fraud", Cancel));
        await CommitAsync(key, new RegistryEvent.ModelTagDeleted("tag"));
        AuditHead end = await Registry.ExportAuditAsync(rest, after: 10, Cancel);

        Assert.Equal(11, end.Count);
        Assert.Equal(new AuditVerification { Verified = 11 }, await VerifyAsync([.. first, .. rest.ToArray()]));
        Assert.Equal(new AuditVerification { Verified = 11 }, await VerifyAsync(rest.ToArray()));
        Assert.Equal(2, (await VerifyAsync([.. first.AsSpan(0, first.AsSpan().IndexOf((byte)'\n') + 1), .. rest.ToArray()])).FirstBad);
    }

    [Fact]
    public async Task An_export_is_held_to_checkpoints()
    {
        await FillAsync(10);
        using var signer = EcdsaCheckpointSigner.Create("example.com/models");
        Checkpoint checkpoint = await Registry.CreateCheckpointAsync(signer, Cancel);
        byte[] export = await ExportAsync();

        Assert.True((await VerifyAsync(export, checkpoint)).IsIntact);
        int cut = export.AsSpan(0, export.Length - 1).LastIndexOf((byte)'\n') + 1;
        Assert.True((await VerifyAsync(export[..cut])).IsIntact);
        Assert.Equal(10, (await VerifyAsync(export[..cut], checkpoint)).FirstBad);
        Lies.Log = Rewrite((await LogAsync()).Select((record, i) => i == 0 ? AuditRecord.After(AuditHead.Empty, Clock.GetUtcNow(), Guid.NewGuid(), "eve", record.Read().Change) : record));
        Lies.Head = Lies.Log[^1].ToHead();
        byte[] rewritten = await ExportAsync();
        Assert.True((await VerifyAsync(rewritten)).IsIntact);
        Assert.Equal(10, (await VerifyAsync(rewritten, checkpoint)).FirstBad);
    }

    [Fact]
    public async Task A_damaged_event_is_exported_as_it_is_kept()
    {
        await FillAsync(3);
        List<AuditRecord> log = await LogAsync();
        byte[] content = log[1].Content.ToArray();
        content[0] = 77;
        Lies.Log = [log[0], log[1] with { Content = content }, log[2]];
        byte[] export = await ExportAsync();

        string line = Encoding.UTF8.GetString(export).Split('\n')[1];
        using JsonDocument read = JsonDocument.Parse(line);
        Assert.True(read.RootElement.GetProperty("damaged").GetBoolean());
        Assert.Equal(content, read.RootElement.GetProperty("content").GetBytesFromBase64());
        Assert.Equal(2, (await VerifyAsync(export)).FirstBad);
    }

    [Fact]
    public async Task A_cancelled_export_leaves_whole_lines()
    {
        await FillAsync(5000);
        using var cancel = new CancellationTokenSource();
        using var written = new CancellingStream(cancel, after: 3);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Registry.ExportAuditAsync(written, cancellationToken: cancel.Token));

        AuditVerification found = await VerifyAsync(written.ToArray());
        Assert.True(found.IsIntact);
        Assert.InRange(found.Verified, 1, 4999);
    }

    [Fact]
    public async Task Nothing_is_an_intact_export_of_nothing()
    {
        Assert.Empty(await ExportAsync());
        Assert.Equal(new AuditVerification { Verified = 0 }, await VerifyAsync([]));
        Assert.Equal(1, (await VerifyAsync("hello\n"u8.ToArray())).FirstBad);
    }

    private static string SourceOf(string file, [System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, file);

    private static async Task<AuditVerification> VerifyAsync(byte[] export, params Checkpoint[] checkpoints)
    {
        using var stream = new MemoryStream(export);
        return await AuditExport.VerifyAsync(stream, checkpoints, Cancel);
    }

    private async Task<byte[]> ExportAsync()
    {
        using var stream = new MemoryStream();
        await Registry.ExportAuditAsync(stream, cancellationToken: Cancel);
        return stream.ToArray();
    }

    private sealed class CancellingStream(CancellationTokenSource cancel, int after) : MemoryStream
    {
        private int _writes;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (++_writes == after)
                await cancel.CancelAsync();
            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
