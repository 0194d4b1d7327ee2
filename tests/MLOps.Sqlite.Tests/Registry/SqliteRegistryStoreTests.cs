using Microsoft.Extensions.Time.Testing;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Schema;
using MLOps.Tracking;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Tests.Registry;

/// <summary>What a registry owes to its file.</summary>
public sealed class SqliteRegistryStoreTests : IDisposable
{
    private readonly RegistryFile _file = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task A_file_of_a_tracker_without_a_registry_takes_the_step_and_keeps_its_runs()
    {
        using (Connection old = _file.Connect())
        {
            old.Execute("PRAGMA journal_mode=WAL");
            Migrations.Apply(old, _file.Folder.File, [.. Migrations.Steps.Take(4)], new NewStore(1_000, "file:///artifacts"));
            old.Execute($"INSERT INTO run(run_id, experiment, name, user, status, started_ms, newest_ms, artifact_location, lifecycle) VALUES('{RunId.New()}', 0, 'old', 'ann', 0, 1000, 1000, 'file:///a', 0)");
            Assert.Equal(0, StoreFolder.QueryInt64(old, "SELECT count(*) FROM sqlite_schema WHERE name = 'model'"));
        }

        await using SqliteRegistryStore store = _file.Open();
        await RegistryFile.FillAsync(store, "fraud", 1);

        Assert.NotNull(await store.FindVersionAsync("fraud", 1, Cancel));
        Assert.Equal(1, _file.Folder.Count("run WHERE name = 'old'"));
        await using SqliteTrackingStore tracking = _file.Folder.Open();
        Assert.Equal("old", Assert.Single((await tracking.FindRunsAsync(new RunQuery(), new MLOps.Tracking.Search.PageRequest(), Cancel)).Items).Info.Name);
    }

    [Fact]
    public async Task A_newer_file_is_refused_and_says_so()
    {
        await using (SqliteRegistryStore present = _file.Open())
            await present.OpenAsync(Cancel);
        using (Connection newer = _file.Connect())
            newer.Execute($"PRAGMA user_version={Migrations.Steps.Count + 1}");
        await using SqliteRegistryStore store = _file.Open();

        foreach (Func<Task> call in new Func<Task>[] { () => store.OpenAsync(Cancel).AsTask(), () => store.FindModelAsync("fraud", Cancel).AsTask(), () => RegistryFile.FillAsync(store, "fraud", 1) })
        {
            RegistryStoreException refused = await Assert.ThrowsAsync<RegistryStoreException>(call);
            Assert.False(refused.IsTransient);
            Assert.Equal(Migrations.Steps.Count + 1, Assert.IsType<StoreVersionException>(refused.InnerException).Found);
            Assert.Contains("Update the MLOps packages", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_commit_is_brought_to_the_disk_before_its_call_returns_and_a_batch_of_a_tracker_is_not()
    {
        await using Database registry = new(this, _file.Folder.File, new SqliteOptions(), syncsCommits: true, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using Database tracker = new(this, _file.Folder.File, new SqliteOptions(), syncsCommits: false, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        Assert.Equal("2", await registry.WriteAsync(session => session.Connection.QueryText("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous"), Cancel));
        Assert.Equal("1", await tracker.WriteAsync(session => session.Connection.QueryText("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous"), Cancel));
    }

    [Fact]
    public async Task A_full_disk_commits_nothing_and_passes_when_there_is_space()
    {
        Guid key;
        await using (SqliteRegistryStore roomy = _file.Open())
            key = await RegistryFile.FillAsync(roomy, "fraud", 1);
        RegistryCommit large = RegistryFile.Commit(key, 1, [.. Enumerable.Range(2, 2_000).Select(number => RegistryFile.Version(number))]);
        using (Connection disk = _file.Connect())
        {
            long pages = StoreFolder.QueryInt64(disk, "SELECT CAST(page_count AS TEXT) FROM pragma_page_count");
            await using SqliteRegistryStore full = _file.Open(new SqliteOptions { ExtraPragmas = $"PRAGMA max_page_count={pages + 4}" });

            RegistryStoreException refused = await Assert.ThrowsAsync<RegistryStoreException>(() => full.CommitAsync(large, Cancel).AsTask());

            Assert.True(refused.IsTransient);
            Assert.Contains("full", refused.Message, StringComparison.Ordinal);
            Assert.Equal(1, (await full.FindModelAsync("fraud", Cancel))!.Revision);
            Assert.Null(await full.FindVersionAsync("fraud", 2, Cancel));
            Assert.Equal(2, (await full.GetAuditHeadAsync(Cancel)).Count);
            Assert.Equal(2, (await full.ReadAuditAsync(0, 10_000, Cancel)).Count);
        }

        await using SqliteRegistryStore again = _file.Open();
        Assert.Equal(CommitOutcome.Committed, await again.CommitAsync(large, Cancel));
        Assert.Equal(2_001, (await again.FindModelAsync("fraud", Cancel))!.LastNumber);
    }

    [Fact]
    public async Task A_change_of_what_is_not_there_leaves_nothing_of_its_commit()
    {
        await using SqliteRegistryStore store = _file.Open();
        Guid key = await RegistryFile.FillAsync(store, "fraud", 1);

        await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(RegistryFile.Commit(key, 1, RegistryFile.Version(2), new RegistryEvent.VersionDescribed(7, "x")), Cancel).AsTask());

        Assert.Null(await store.FindVersionAsync("fraud", 2, Cancel));
        Assert.Equal(2, (await store.GetAuditHeadAsync(Cancel)).Count);
        Assert.Equal(CommitOutcome.Committed, await store.CommitAsync(RegistryFile.Commit(key, 1, RegistryFile.Version(2)), Cancel));
    }

    [Fact]
    public async Task Two_stores_of_one_file_see_each_others_commits_and_refuse_the_later_of_two_decisions()
    {
        await using SqliteRegistryStore one = _file.Open(), other = _file.Open();
        Guid key = await RegistryFile.FillAsync(one, "fraud", 3);
        Assert.Equal(3, (await other.FindModelAsync("fraud", Cancel))!.LastNumber);

        CommitOutcome[] outcomes = await Task.WhenAll(
            one.CommitAsync(RegistryFile.Commit(key, 1, RegistryFile.Move("champion", null, 1)), Cancel).AsTask(),
            other.CommitAsync(RegistryFile.Commit(key, 1, RegistryFile.Move("champion", null, 2)), Cancel).AsTask());

        Assert.Equal([CommitOutcome.Committed, CommitOutcome.RevisionChanged], outcomes.Order());
        int winner = outcomes[0] == CommitOutcome.Committed ? 1 : 2;
        Assert.Equal(winner, (await one.FindVersionAsync("fraud", "champion", Cancel))!.Number);
        Assert.Equal(winner, (await other.FindVersionAsync("fraud", "champion", Cancel))!.Number);
        Assert.Equal(await one.GetAuditHeadAsync(Cancel), await other.GetAuditHeadAsync(Cancel));
    }

    [Fact]
    public async Task What_was_committed_is_there_when_the_file_is_opened_again()
    {
        await using (SqliteRegistryStore first = _file.Open())
        {
            Guid key = await RegistryFile.FillAsync(first, "fraud", 2);
            await first.CommitAsync(RegistryFile.Commit(key, 1, RegistryFile.Move("champion", null, 2)), Cancel);
        }

        await using SqliteRegistryStore again = _file.Open();
        Assert.Equal(2, (await again.FindVersionAsync("fraud", "champion", Cancel))!.Number);
        Assert.Equal(4, (await again.GetAuditHeadAsync(Cancel)).Count);
        Assert.Equal(Path.GetFullPath(_file.Folder.File), again.Address);
    }

    [Fact]
    public async Task A_log_whose_end_was_cut_off_is_shorter_than_its_head_says()
    {
        await using SqliteRegistryStore store = _file.Open();
        await RegistryFile.FillAsync(store, "fraud", 3);
        using (Connection disk = _file.Connect())
            disk.Execute("DELETE FROM audit WHERE seq > 2");

        Assert.Equal(4, (await store.GetAuditHeadAsync(Cancel)).Count);
        Assert.Equal([1L, 2L], (await store.ReadAuditAsync(0, 100, Cancel)).Select(record => record.Sequence));
    }

    [Fact]
    public async Task A_damaged_row_is_said_to_be_damaged()
    {
        await using SqliteRegistryStore store = _file.Open();
        await RegistryFile.FillAsync(store, "fraud", 1);
        using (Connection disk = _file.Connect())
            disk.Execute("UPDATE model_version SET facts = x'7B'");

        RegistryStoreException damaged = await Assert.ThrowsAsync<RegistryStoreException>(() => store.FindVersionAsync("fraud", 1, Cancel).AsTask());

        Assert.False(damaged.IsTransient);
        Assert.Contains("damaged", damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_and_short_events_come_back_byte_for_byte()
    {
        await using SqliteRegistryStore store = _file.Open();
        Guid key = await RegistryFile.FillAsync(store, "fraud", 1);
        await store.CommitAsync(
            RegistryFile.Commit(key, 1, [.. Enumerable.Range(0, 300).Select(i => new RegistryEvent.ModelDescribed(new string('x', i * i)))]), Cancel);

        IReadOnlyList<AuditRecord> records = await store.ReadAuditAsync(0, 10_000, Cancel);

        Assert.Equal(302, records.Count);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => i * i), records.Skip(2).Select(record => ((RegistryEvent.ModelDescribed)record.Read().Change).Description!.Length));
        AuditHead head = AuditHead.Empty;
        foreach (AuditRecord record in records)
        {
            AuditEvent said = record.Read();
            AuditRecord again = AuditRecord.After(head, said.At, said.ModelKey, said.Actor, said.Change);
            Assert.True(again.Hash.Span.SequenceEqual(record.Hash.Span), $"Event {record.Sequence} has another hash.");
            head = record.ToHead();
        }

        Assert.Equal(head, await store.GetAuditHeadAsync(Cancel));
    }

    [Fact]
    public async Task A_store_that_has_been_disposed_says_so()
    {
        SqliteRegistryStore store = _file.Open();
        await RegistryFile.FillAsync(store, "fraud", 1);
        await store.DisposeAsync();
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.FindModelAsync("fraud", Cancel).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.CommitAsync(RegistryFile.Commit(Guid.NewGuid(), 0, RegistryFile.Model("b")), Cancel).AsTask());
        Assert.False(File.Exists(_file.Folder.File + "-wal"));
    }

    [Fact]
    public async Task A_cursor_has_one_holder_until_its_time_is_over()
    {
        FakeTimeProvider clock = new(RegistryFile.Start);
        await using SqliteRegistryStore one = _file.Open(time: clock), other = _file.Open(time: clock);
        (Guid first, Guid second) = (Guid.NewGuid(), Guid.NewGuid());
        await RegistryFile.FillAsync(one, "fraud", 2);

        Assert.Equal(3, await one.TakeCursorAsync("hooks", first, TimeSpan.FromSeconds(30), Cancel));
        Assert.Null(await other.TakeCursorAsync("hooks", second, TimeSpan.FromSeconds(30), Cancel));
        Assert.True(await one.MoveCursorAsync("hooks", first, 5, Cancel));
        Assert.False(await other.MoveCursorAsync("hooks", second, 9, Cancel));
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(5, await one.TakeCursorAsync("hooks", first, TimeSpan.FromSeconds(30), Cancel));
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Null(await other.TakeCursorAsync("hooks", second, TimeSpan.FromSeconds(30), Cancel));

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await one.MoveCursorAsync("hooks", first, 6, Cancel));
        Assert.Equal(5, await other.TakeCursorAsync("hooks", second, TimeSpan.FromSeconds(30), Cancel));
        Assert.Null(await one.TakeCursorAsync("hooks", first, TimeSpan.FromSeconds(30), Cancel));
        Assert.Equal(3, await one.TakeCursorAsync("others", first, TimeSpan.FromSeconds(30), Cancel));
        Assert.False(await one.MoveCursorAsync("none", first, 1, Cancel));
    }

    [Fact]
    public async Task A_registry_and_a_tracker_share_a_file_in_their_own_words()
    {
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(_file.Folder.File));
        await using Tracker tracker = Tracker.Open(t => t.UseSqlite(_file.Folder.File));

        await registry.CreateModelAsync("fraud", cancellationToken: Cancel);

        Assert.Equal("fraud", (await registry.GetModelAsync("fraud", Cancel)).Name);
        Assert.Equal(Path.GetFullPath(_file.Folder.File), registry.Store.Address);
        Assert.NotNull(await tracker.Store.FindExperimentAsync(ExperimentId.Default, Cancel));
    }

    [Fact]
    public async Task A_check_of_the_file_finds_nothing_wrong_with_a_registry_and_sees_what_leads_nowhere()
    {
        await using SqliteRegistryStore store = _file.Open();
        await RegistryFile.FillAsync(store, "fraud", 3);
        await using SqliteTrackingStore tracking = _file.Folder.Open();
        Assert.Empty(await tracking.CheckAsync(Cancel).ToListAsync(Cancel));

        using (Connection disk = _file.Connect())
            disk.Execute("PRAGMA foreign_keys=OFF; DELETE FROM model");

        Assert.Contains(await tracking.CheckAsync(Cancel).ToListAsync(Cancel), finding => finding.Message.Contains("model_version", StringComparison.Ordinal));
    }
}
