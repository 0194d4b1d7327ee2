using System.Security.Cryptography;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    [Fact]
    public async Task An_empty_log_ends_at_its_beginning()
    {
        Needs(RegistryCapabilities.Audit);
        Assert.Equal(AuditHead.Empty, await Store.GetAuditHeadAsync(Cancellation));
        Assert.Empty(await Store.ReadAuditAsync(0, 10, Cancellation));
        Assert.Empty(await Store.ReadAuditAsync(Guid.NewGuid(), null, 0, 10, Cancellation));
    }

    [Fact]
    public async Task Every_change_is_in_the_log_by_whom_when_and_in_order()
    {
        Needs(RegistryCapabilities.Audit);
        RegistryEvent[] first = [Created("fraud", LongText, ("k", LongText)), Version(1, RichFacts()), Moved("champion", null, 1)];
        RegistryEvent[] second = [new RegistryEvent.ModelTagSet("k", "v"), new RegistryEvent.VersionStageChanged(1, ModelStage.None, ModelStage.Staging, "why"), new RegistryEvent.AliasRemoved("champion", 1, Reason: null)];
        Guid key = Guid.NewGuid();
        DateTimeOffset start = Now;
        await TryCommitAsync(key, 0, first);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CommitAsync(key, second);
        await ReopenAsync();

        AuditEvent[] events = [.. (await Store.ReadAuditAsync(0, 100, Cancellation)).Select(record => record.Read())];
        Assert.Equal(Enumerable.Range(1, 6).Select(sequence => (long)sequence), events.Select(change => change.Sequence));
        Assert.All(events, change => Assert.Equal((key, Ann), (change.ModelKey, change.Actor)));
        Assert.Equal([start, start, start, Now, Now, Now], events.Select(change => change.At));
        Assert.Equal(first.Concat(second).Select(change => Convert.ToHexString(RegistryJson.Write(change))), events.Select(change => Convert.ToHexString(RegistryJson.Write(change.Change))));
        await AssertChainHoldsAsync();
    }

    [Fact]
    public async Task A_refused_commit_leaves_no_trace_in_the_log()
    {
        Needs(RegistryCapabilities.Audit);
        Guid key = await MakeModelAsync("fraud");
        AuditHead head = await Store.GetAuditHeadAsync(Cancellation);

        await TryCommitAsync(Guid.NewGuid(), 0, Created("fraud"));
        await TryCommitAsync(key, 7, new RegistryEvent.ModelDescribed("x"));

        Assert.Equal(head, await Store.GetAuditHeadAsync(Cancellation));
        Assert.Single(await Store.ReadAuditAsync(0, 10, Cancellation));
    }

    [Fact]
    public async Task The_time_of_the_log_never_goes_back()
    {
        Needs(RegistryCapabilities.Audit);
        Guid key = await MakeModelAsync("fraud", Version(1));
        DateTimeOffset latest = Now;
        RegistryCommit early = new() { ModelKey = key, Revision = 1, Changes = [new RegistryEvent.VersionDescribed(1, "x"), Moved("champion", null, 1)], Actor = Ann, At = latest.AddDays(-1) };
        Assert.Equal(CommitOutcome.Committed, await Store.CommitAsync(early, Cancellation));

        Assert.All(await Store.ReadAuditAsync(0, 10, Cancellation), record => Assert.Equal(latest, record.Read().At));
        RegisteredModel model = await GetModelAsync();
        Assert.Equal([latest, latest, latest, latest], [model.UpdatedAt, model.Aliases[0].MovedAt, (await GetVersionAsync(1)).UpdatedAt, (await Store.GetAuditHeadAsync(Cancellation)).At]);
        await AssertChainHoldsAsync();
    }

    [Fact]
    public async Task The_log_is_read_from_any_place_in_pages_of_any_size()
    {
        Needs(RegistryCapabilities.Audit);
        Guid key = await MakeModelAsync("fraud", [.. Enumerable.Range(0, 24).Select(i => new RegistryEvent.ModelTagSet($"k{i}", "v"))]);

        foreach (int most in (int[])[1, 2, 7, 24, 25, 26, 10_000])
        {
            for (int after = 0; after <= 26; after++)
            {
                IEnumerable<long> expected = Enumerable.Range(1, 25).Where(sequence => sequence > after).Take(most).Select(sequence => (long)sequence);
                Assert.Equal(expected, (await Store.ReadAuditAsync(after, most, Cancellation)).Select(record => record.Sequence));
                Assert.Equal(expected, (await Store.ReadAuditAsync(key, null, after, most, Cancellation)).Select(record => record.Sequence));
            }
        }

        Assert.Empty(await Store.ReadAuditAsync(long.MaxValue, 1, Cancellation));
        foreach ((long after, int most) in ((long, int)[])[(-1, 1), (0, 0), (0, -1), (0, 10_001)])
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.ReadAuditAsync(after, most, Cancellation));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.ReadAuditAsync(key, null, after, most, Cancellation));
        }
    }

    [Fact]
    public async Task The_log_is_read_by_model_and_by_alias_also_of_what_is_deleted()
    {
        Needs(RegistryCapabilities.Audit);
        Guid a = await MakeModelAsync("a", Version(1), Version(2), Moved("x", null, 1));
        Guid b = await MakeModelAsync("b", Version(1), Moved("x", null, 1));
        await CommitAsync(a, Moved("x", 1, 2), Moved("y", null, 1), Moved("X", null, 1));
        await CommitAsync(a, new RegistryEvent.AliasRemoved("x", 2, Reason: null));
        await CommitAsync(a, new RegistryEvent.ModelDeleted("a", Reason: null));
        await ReopenAsync();

        Assert.Equal("1 2 3 4 8 9 10 11 12", await ReadAsync(a, null));
        Assert.Equal("4 8 11", await ReadAsync(a, "x"));
        Assert.Equal("9", await ReadAsync(a, "y"));
        Assert.Equal("10", await ReadAsync(a, "X"));
        Assert.Equal("", await ReadAsync(a, "z"));
        Assert.Equal("5 6 7", await ReadAsync(b, null));
        Assert.Equal("7", await ReadAsync(b, "x"));
        Assert.Equal([8, 11], (await Store.ReadAuditAsync(a, "x", 4, 2, Cancellation)).Select(record => record.Sequence));
        Assert.Equal([8], (await Store.ReadAuditAsync(a, "x", 4, 1, Cancellation)).Select(record => record.Sequence));

        async Task<string> ReadAsync(Guid key, string? alias) => string.Join(' ', (await Store.ReadAuditAsync(key, alias, 0, 100, Cancellation)).Select(record => record.Sequence));
    }

    [Fact]
    public async Task All_models_that_ever_had_a_name_are_found_the_last_one_first()
    {
        Needs(RegistryCapabilities.Audit);
        Guid x = await MakeModelAsync("a");
        await CommitAsync(x, new RegistryEvent.ModelRenamed("a", "b"));
        Guid y = await MakeModelAsync("a");
        Assert.Equal([y, x], await Store.FindModelKeysAsync("a", Cancellation));
        await CommitAsync(y, new RegistryEvent.ModelDeleted("a", Reason: null));
        Guid z = await MakeModelAsync("a");
        await CommitAsync(z, new RegistryEvent.ModelRenamed("a", "c"));
        await CommitAsync(x, new RegistryEvent.ModelRenamed("b", "a"));
        await ReopenAsync();

        Assert.Equal([x, z, y], await Store.FindModelKeysAsync("a", Cancellation));
        Assert.Equal([x], await Store.FindModelKeysAsync("b", Cancellation));
        Assert.Equal([z], await Store.FindModelKeysAsync("c", Cancellation));
        Assert.Empty(await Store.FindModelKeysAsync("A", Cancellation));
    }

    [Fact]
    public async Task The_log_of_many_writers_has_no_gap_and_its_chain_holds()
    {
        Needs(RegistryCapabilities.Audit | RegistryCapabilities.AtomicCommit);
        IRegistryStore other = await OpenAnotherAsync();
        const int Writers = 6, Commits = 20;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            IRegistryStore store = writer % 2 == 0 ? Store : other;
            Guid key = Guid.NewGuid();
            for (int i = 0; i < Commits; i++)
            {
                RegistryEvent[] changes = i == 0 ? [Created($"m{writer}"), Version(1)] : [new RegistryEvent.ModelTagSet("i", $"{i}"), new RegistryEvent.VersionTagSet(1, "i", $"{i}")];
                Assert.Equal(CommitOutcome.Committed, await store.CommitAsync(new RegistryCommit { ModelKey = key, Revision = i, Changes = changes, Actor = $"w{writer}", At = Now }, Cancellation));
            }
        })));

        Assert.Equal(Writers * Commits * 2, await AssertChainHoldsAsync());
        AuditEvent[] events = [.. (await Store.ReadAuditAsync(0, 10_000, Cancellation)).Select(record => record.Read())];
        for (int i = 0; i < events.Length; i += 2)
            Assert.Equal((i, events[i].ModelKey), (i, events[i + 1].ModelKey));
    }

    /// <summary>Computes the chain anew from what the log's format says.</summary>
    private async Task<long> AssertChainHoldsAsync()
    {
        byte[] previous = new byte[32];
        long sequence = 0;
        DateTimeOffset at = DateTimeOffset.UnixEpoch;
        foreach (AuditRecord record in await Store.ReadAuditAsync(0, 10_000, Cancellation))
        {
            Assert.Equal(++sequence, record.Sequence);
            previous = SHA256.HashData([.. previous, .. record.Content.Span]);
            Assert.Equal(previous, record.Hash.ToArray());
            Assert.True(record.Read().At >= at, $"The time goes back at {sequence}.");
            at = record.Read().At;
        }

        Assert.Equal(new AuditHead(sequence, previous, at), await Store.GetAuditHeadAsync(Cancellation));
        return sequence;
    }
}
