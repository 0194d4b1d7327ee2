using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Tests.Audit;

public sealed class VerifyAuditTests : AuditTest
{
    [Fact]
    public async Task A_log_that_nobody_touched_is_intact()
    {
        Assert.Equal(new AuditVerification { Verified = 0 }, await Registry.VerifyAuditAsync(cancellationToken: Cancel));
        await FillAsync(50);

        Assert.Equal(new AuditVerification { Verified = 50 }, await Registry.VerifyAuditAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task Every_flipped_byte_is_found_and_its_event_named()
    {
        await FillAsync(TestLength.Of(6, 30));
        List<AuditRecord> log = await LogAsync();
        int flips = 0;
        for (int i = 0; i < log.Count; i++)
        {
            for (int at = 0; at < log[i].Content.Length + log[i].Hash.Length; at++)
            {
                for (int bit = 0; bit < 8; bit += TestLength.Of(3, 1))
                {
                    Lies.Log = [.. log[..i], Flip(log[i], at, bit), .. log[(i + 1)..]];

                    AuditVerification found = await Registry.VerifyAuditAsync(cancellationToken: Cancel);
                    Assert.Equal(log[i].Sequence, found.FirstBad);
                    Assert.Equal(log[i].Sequence - 1, found.Verified);
                    Assert.NotNull(found.Problem);
                    flips++;
                }
            }
        }

        Assert.True(flips > 1000);
    }

    [Fact]
    public async Task Every_dropped_event_is_found_and_named()
    {
        List<AuditRecord> log = await LongLogAsync();
        for (int i = 0; i < log.Count; i++)
        {
            Lies.Log = [.. log[..i], .. log[(i + 1)..]];

            AuditVerification found = await Registry.VerifyAuditAsync(cancellationToken: Cancel);
            Assert.Equal(i + 1, found.FirstBad);
            Assert.Contains(i == log.Count - 1 ? "cut off" : "missing", found.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_swap_of_neighbours_is_found_and_the_first_of_them_named()
    {
        List<AuditRecord> log = await LongLogAsync();
        for (int i = 0; i + 1 < log.Count; i++)
        {
            Lies.Log = [.. log[..i], log[i + 1] with { Sequence = i + 1 }, log[i] with { Sequence = i + 2 }, .. log[(i + 2)..]];

            AuditVerification found = await Registry.VerifyAuditAsync(cancellationToken: Cancel);
            Assert.Equal(i + 1, found.FirstBad);
            Assert.Contains("reordered", found.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_event_that_was_put_in_is_found_and_named()
    {
        List<AuditRecord> log = await LongLogAsync();
        for (int i = 1; i <= log.Count; i++)
        {
            // As good as it can be made without changing what comes after it.
            AuditRecord forged = AuditRecord.After(log[i - 1].ToHead(), log[i - 1].Read().At, Guid.NewGuid(), "eve", new RegistryEvent.ModelTagDeleted("tag"));
            Lies.Log = [.. log[..i], forged, .. log[i..].Select(record => record with { Sequence = record.Sequence + 1 })];

            AuditVerification found = await Registry.VerifyAuditAsync(cancellationToken: Cancel);
            Assert.Equal(i == log.Count ? i + 1 : i + 2, found.FirstBad);
        }
    }

    [Fact]
    public async Task An_event_of_another_log_is_found()
    {
        await FillAsync(10);
        List<AuditRecord> log = await LogAsync();
        AuditRecord other = AuditRecord.After(new AuditHead(4, new byte[32], Clock.GetUtcNow()), Clock.GetUtcNow(), Guid.NewGuid(), "eve", new RegistryEvent.ModelTagDeleted("tag"));
        Lies.Log = [.. log[..4], other, .. log[5..]];

        AuditVerification found = await Registry.VerifyAuditAsync(cancellationToken: Cancel);
        Assert.Equal(5, found.FirstBad);
        Assert.Contains("another log", found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_is_older_than_the_one_before_it_is_found_although_its_hashes_fit()
    {
        await FillAsync(3);
        List<AuditRecord> log = await LogAsync();
        AuditHead back = log[1].ToHead() with { At = DateTimeOffset.UnixEpoch };
        AuditRecord old = AuditRecord.After(back, DateTimeOffset.UnixEpoch.AddDays(1), Guid.NewGuid(), "eve", new RegistryEvent.ModelTagDeleted("tag"));
        Lies.Log = [.. log[..2], old];
        Lies.Head = old.ToHead();

        AuditVerification found = await Registry.VerifyAuditAsync(cancellationToken: Cancel);
        Assert.Equal(3, found.FirstBad);
        Assert.Contains("older", found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stored_end_that_is_not_the_logs_is_found()
    {
        await FillAsync(5);
        AuditHead head = await Store.GetAuditHeadAsync(Cancel);
        Lies.Head = head with { Hash = new byte[32] };
        Assert.Equal(5, (await Registry.VerifyAuditAsync(cancellationToken: Cancel)).FirstBad);

        Lies.Head = head with { Count = 6 };
        Assert.Equal(6, (await Registry.VerifyAuditAsync(cancellationToken: Cancel)).FirstBad);

        Lies.Head = (await LogAsync())[2].ToHead();
        Assert.Equal(4, (await Registry.VerifyAuditAsync(cancellationToken: Cancel)).FirstBad);

        Lies.Head = AuditHead.Empty;
        Assert.Equal(1, (await Registry.VerifyAuditAsync(cancellationToken: Cancel)).FirstBad);
    }

    [Fact]
    public async Task A_log_that_was_rewritten_as_a_whole_is_found_given_any_earlier_checkpoint_and_only_then()
    {
        List<Checkpoint> checkpoints = [];
        using var signer = EcdsaCheckpointSigner.Create("example.com/models");
        Guid key = await CreateAsync("fraud");
        for (int i = 0; i < 30; i++)
        {
            await CommitAsync(key, new RegistryEvent.ModelTagSet("tag", $"{i}"));
            checkpoints.Add(await Registry.CreateCheckpointAsync(signer, Cancel));
        }

        Assert.True((await Registry.VerifyAuditAsync(checkpoints, cancellationToken: Cancel)).IsIntact);
        List<AuditRecord> log = await LogAsync();
        Lies.Log = Rewrite([AuditRecord.After(AuditHead.Empty, Clock.GetUtcNow(), key, "eve", log[0].Read().Change), .. log[1..]]);
        Lies.Head = Lies.Log[^1].ToHead();

        Assert.True((await Registry.VerifyAuditAsync(cancellationToken: Cancel)).IsIntact);
        foreach (Checkpoint checkpoint in checkpoints)
        {
            AuditVerification found = await Registry.VerifyAuditAsync([checkpoint], cancellationToken: Cancel);
            Assert.Equal(checkpoint.Count, found.FirstBad);
            Assert.Contains("rewritten", found.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_rewrite_is_placed_between_the_last_checkpoint_that_holds_and_the_first_that_does_not()
    {
        using var signer = EcdsaCheckpointSigner.Create("example.com/models");
        Guid key = await CreateAsync("fraud");
        List<Checkpoint> checkpoints = [];
        for (int i = 0; i < 20; i++)
        {
            await CommitAsync(key, new RegistryEvent.ModelTagSet("tag", $"{i}"));
            if (i % 5 == 4)
                checkpoints.Insert(0, await Registry.CreateCheckpointAsync(signer, Cancel));
        }

        List<AuditRecord> log = await LogAsync();
        AuditEvent changed = log[7].Read();
        Lies.Log = Rewrite([.. log[..7], AuditRecord.After(log[6].ToHead(), changed.At, key, "eve", changed.Change), .. log[8..]]);
        Lies.Head = Lies.Log[^1].ToHead();

        AuditVerification found = await Registry.VerifyAuditAsync(checkpoints, cancellationToken: Cancel);
        Assert.Equal(11, found.FirstBad);
        Assert.Contains("events 7 to 11", found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_was_cut_off_with_its_end_is_found_given_a_later_checkpoint()
    {
        await FillAsync(10);
        using var signer = EcdsaCheckpointSigner.Create("example.com/models");
        Checkpoint checkpoint = await Registry.CreateCheckpointAsync(signer, Cancel);
        Lies.Log = (await LogAsync())[..6];
        Lies.Head = Lies.Log[^1].ToHead();

        Assert.True((await Registry.VerifyAuditAsync(cancellationToken: Cancel)).IsIntact);
        AuditVerification found = await Registry.VerifyAuditAsync([checkpoint], cancellationToken: Cancel);
        Assert.Equal(7, found.FirstBad);
        Assert.Contains("cut off", found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_grows_meanwhile_is_intact_and_long_ones_are_read_page_by_page()
    {
        await FillAsync(20_000);
        List<long> told = [];
        Lies.BeforeRead = async () => await CreateAsync($"{Guid.NewGuid()}");

        Assert.Equal(new AuditVerification { Verified = 20_000 }, await Registry.VerifyAuditAsync(progress: new Told(told), cancellationToken: Cancel));
        Assert.Equal([10_000, 20_000], told);
    }

    [Fact]
    public async Task A_verification_can_be_cancelled()
    {
        await FillAsync(5);
        using var cancel = new CancellationTokenSource();
        Lies.BeforeRead = cancel.CancelAsync;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Registry.VerifyAuditAsync(cancellationToken: cancel.Token));
    }

    private async Task<List<AuditRecord>> LongLogAsync()
    {
        await FillAsync(TestLength.Of(60, 1000));
        return await LogAsync();
    }

    private static AuditRecord Flip(AuditRecord record, int at, int bit)
    {
        byte[] content = record.Content.ToArray(), hash = record.Hash.ToArray();
        (at < content.Length ? content : hash)[at < content.Length ? at : at - content.Length] ^= (byte)(1 << bit);
        return record with { Content = content, Hash = hash };
    }

    private sealed class Told(List<long> told) : IProgress<long>
    {
        public void Report(long value) => told.Add(value);
    }
}
