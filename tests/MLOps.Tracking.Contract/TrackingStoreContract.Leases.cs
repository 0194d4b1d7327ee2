using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_run_whose_lease_has_run_out_reads_as_killed()
    {
        Needs(StoreCapabilities.Leases);
        (_, RunId run) = await StartLeasedRunAsync();

        Clock.Advance(TestJournal.LeaseDuration - s_second);
        Assert.Equal(RunStatus.Running, await StatusAsync(run));

        Clock.Advance(s_second);
        await ReopenAsync();
        Assert.Equal(RunStatus.Killed, await StatusAsync(run));
        await foreach (RunDetails found in Store.FindRunsAsync(new RunQuery(), Cancellation))
            Assert.Equal(RunStatus.Killed, found.Info.Status);
    }

    [Fact]
    public async Task A_run_that_nobody_leases_stays_running()
    {
        RunId run = await StartRunAsync();

        Clock.Advance(TimeSpan.FromDays(365));

        Assert.Equal(RunStatus.Running, await StatusAsync(run));
    }

    [Fact]
    public async Task Renewing_extends_the_leases_of_one_journal_from_now()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        (_, RunId neighbour) = await StartLeasedRunAsync();
        Clock.Advance(TimeSpan.FromSeconds(45));

        await Store.RenewLeasesAsync(journal.Owner, TestJournal.LeaseDuration, Cancellation);
        Clock.Advance(TimeSpan.FromSeconds(59));

        Assert.Equal((RunStatus.Running, RunStatus.Killed), (await StatusAsync(run), await StatusAsync(neighbour)));
        Clock.Advance(s_second);
        Assert.Equal(RunStatus.Killed, await StatusAsync(run));
    }

    [Fact]
    public async Task A_process_that_was_suspended_brings_its_runs_back_by_renewing()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        Clock.Advance(TimeSpan.FromHours(1));

        await Store.RenewLeasesAsync(journal.Owner, TestJournal.LeaseDuration, Cancellation);

        Assert.Equal((RunStatus.Running, null), ((await GetRunAsync(run)).Info.Status, (await GetRunAsync(run)).Info.EndedAt));
    }

    [Theory]
    [InlineData(RunStatus.Finished)]
    [InlineData(RunStatus.Failed)]
    [InlineData(RunStatus.Killed)]
    public async Task An_ended_run_has_no_lease(RunStatus status)
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        TestJournal other = new(Clock);

        await LogAsync(journal, new TrackingRecord.RunUpdated(run) { Status = status, EndedAtMs = NowMs });

        Assert.Null(await Store.TakeLeaseAsync(run, other.Owner, TestJournal.LeaseDuration, Cancellation));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(status, await StatusAsync(run));
        Assert.Empty(await Store.CloseJournalAsync(other.Owner.Journal, Cancellation));
        Assert.Equal(status, await StatusAsync(run));
    }

    [Fact]
    public async Task A_leased_run_is_not_given_to_another_journal()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        await ReopenAsync();

        Assert.Equal(journal.Owner, await Store.TakeLeaseAsync(run, new TestJournal(Clock).Owner, TestJournal.LeaseDuration, Cancellation));
        Assert.Null(await Store.TakeLeaseAsync(run, journal.Owner, TestJournal.LeaseDuration, Cancellation));
    }

    [Fact]
    public async Task A_lease_that_has_run_out_can_be_taken_and_is_then_left_alone_by_its_old_owner()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal old, RunId run) = await StartLeasedRunAsync();
        TestJournal heir = new(Clock);
        Clock.Advance(TestJournal.LeaseDuration);

        Assert.Null(await Store.TakeLeaseAsync(run, heir.Owner, TestJournal.LeaseDuration, Cancellation));
        Assert.Equal(RunStatus.Running, await StatusAsync(run));
        Clock.Advance(TimeSpan.FromSeconds(30));
        await Store.RenewLeasesAsync(old.Owner, TimeSpan.FromDays(1), Cancellation);
        Assert.Empty(await Store.CloseJournalAsync(old.Owner.Journal, Cancellation));

        Assert.Equal(heir.Owner, await Store.TakeLeaseAsync(run, old.Owner, TestJournal.LeaseDuration, Cancellation));
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(RunStatus.Killed, await StatusAsync(run));
    }

    [Fact]
    public async Task A_run_resumed_by_a_journal_is_leased_to_it()
    {
        Needs(StoreCapabilities.Leases);
        RunId run = await StartRunAsync();
        TestJournal journal = new(Clock);

        await LogAsync(journal, new TrackingRecord.RunUpdated(run) { Status = RunStatus.Running });

        Assert.Equal(journal.Owner, await Store.TakeLeaseAsync(run, new TestJournal(Clock).Owner, TestJournal.LeaseDuration, Cancellation));
        Clock.Advance(TestJournal.LeaseDuration);
        Assert.Equal(RunStatus.Killed, await StatusAsync(run));
    }

    [Fact]
    public async Task Records_that_arrive_late_do_not_take_a_run_from_the_journal_that_has_resumed_it()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal old, RunId run) = await StartLeasedRunAsync();
        TestJournal heir = new(Clock);
        Clock.Advance(TestJournal.LeaseDuration);
        Assert.Null(await Store.TakeLeaseAsync(run, heir.Owner, TestJournal.LeaseDuration, Cancellation));

        await LogAsync(old, new TrackingRecord.RunUpdated(run) { Status = RunStatus.Running });

        Assert.Equal(heir.Owner, await Store.TakeLeaseAsync(run, old.Owner, TestJournal.LeaseDuration, Cancellation));
    }

    [Fact]
    public async Task A_direct_writer_revives_a_run_whose_owner_is_gone()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        Clock.Advance(TestJournal.LeaseDuration);

        await LogAsync(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Running });

        Assert.Equal(RunStatus.Running, await StatusAsync(run));
        Assert.Empty(await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation));
        Assert.Equal(RunStatus.Running, await StatusAsync(run));
    }

    [Fact]
    public async Task Closing_a_journal_kills_its_running_runs_and_forgets_it()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        (_, RunId neighbour) = await StartLeasedRunAsync();
        RunId finished = RunId.New();
        await LogAsync(journal, Started(finished), new TrackingRecord.RunUpdated(finished) { Status = RunStatus.Finished, EndedAtMs = NowMs });

        IReadOnlyList<RunId> killed = await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation);
        await ReopenAsync();

        Assert.Equal([run], killed);
        Assert.Equal((RunStatus.Killed, RunStatus.Running, RunStatus.Finished), (await StatusAsync(run), await StatusAsync(neighbour), await StatusAsync(finished)));
        Assert.Equal(0, await Store.GetCursorAsync(journal.Owner.Journal, Cancellation));
        Assert.Empty(await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation));
        Assert.Null(await Store.TakeLeaseAsync(run, new TestJournal(Clock).Owner, TestJournal.LeaseDuration, Cancellation));
    }

    [Fact]
    public async Task A_run_that_reads_as_killed_already_is_killed_for_good_when_its_journal_is_closed()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        Clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal([run], await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation));

        Assert.Equal(RunStatus.Killed, await StatusAsync(run));
    }

    [Fact]
    public async Task A_killed_run_ended_when_its_lease_was_last_renewed()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        await LogAsync(journal, Points(run, new MetricPoint(1, NowMs, 1)));
        Clock.Advance(TimeSpan.FromSeconds(15));
        DateTimeOffset renewed = Clock.GetUtcNow();
        await Store.RenewLeasesAsync(journal.Owner, TestJournal.LeaseDuration, Cancellation);
        Clock.Advance(TimeSpan.FromHours(1));

        await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation);

        Assert.Equal(renewed, (await GetRunAsync(run)).Info.EndedAt);
    }

    [Fact]
    public async Task A_killed_run_ended_with_its_last_record_when_that_is_later()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        await Store.RenewLeasesAsync(journal.Owner, TestJournal.LeaseDuration, Cancellation);
        Clock.Advance(TimeSpan.FromSeconds(20));
        DateTimeOffset logged = Clock.GetUtcNow();
        await LogAsync(journal, Points(run, new MetricPoint(2, NowMs, 1), new MetricPoint(1, NowMs - 5, 1)));
        Clock.Advance(TimeSpan.FromHours(1));

        await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation);

        Assert.Equal(logged, (await GetRunAsync(run)).Info.EndedAt);
    }

    [Fact]
    public async Task A_run_whose_journal_is_applied_long_after_its_death_ended_when_it_did()
    {
        Needs(StoreCapabilities.Leases);
        TestJournal journal = new(Clock);
        RunId run = RunId.New();
        RecordBatch left = journal.Next(Started(run), Points(run, new MetricPoint(1, NowMs + 3000, 1)));
        DateTimeOffset died = Clock.GetUtcNow().AddSeconds(3);
        Clock.Advance(TimeSpan.FromDays(2));

        await Store.AppendAsync(left, Cancellation);
        await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation);

        Assert.Equal(died, (await GetRunAsync(run)).Info.EndedAt);
    }

    [Fact]
    public async Task A_point_dated_in_the_future_does_not_end_a_killed_run_there()
    {
        Needs(StoreCapabilities.Leases);
        (TestJournal journal, RunId run) = await StartLeasedRunAsync();
        await LogAsync(journal, Points(run, new MetricPoint(1, long.MaxValue, 1)));

        await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation);

        Assert.Equal(Clock.GetUtcNow(), (await GetRunAsync(run)).Info.EndedAt);
    }

    [Fact]
    public async Task A_run_that_does_not_exist_cannot_be_leased()
    {
        Needs(StoreCapabilities.Leases);

        await Assert.ThrowsAsync<RunNotFoundException>(async () => await Store.TakeLeaseAsync(RunId.New(), new TestJournal(Clock).Owner, TestJournal.LeaseDuration, Cancellation));
    }

    private async Task<(TestJournal Journal, RunId Run)> StartLeasedRunAsync()
    {
        TestJournal journal = new(Clock);
        RunId run = RunId.New(Clock);
        await LogAsync(journal, Started(run));
        return (journal, run);
    }

    private async Task<RunStatus> StatusAsync(RunId run) => (await GetRunAsync(run)).Info.Status;
}
