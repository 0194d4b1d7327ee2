using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_refused_record_does_not_stop_those_behind_it()
    {
        RunId run = RunId.New(), unknown = RunId.New();

        AppendResult result = await AppendAsync(
            Started(run),
            new TrackingRecord.TagSet(unknown, "color", "red"),
            new TrackingRecord.ParamLogged(run, "bad//key", "1"),
            new TrackingRecord.ParamLogged(run, "depth", "6"));

        Assert.Equal([(1, RejectionReason.UnknownRun), (2, RejectionReason.Invalid)], result.Rejections.Select(rejection => (rejection.Index, rejection.Reason)));
        Assert.Equal("6", (await GetRunAsync(run)).Params["depth"]);
    }

    [Fact]
    public async Task An_empty_batch_changes_nothing() => Assert.Empty((await AppendAsync()).Rejections);

    [Fact]
    public async Task Refusing_all_applies_nothing_when_one_record_is_refused()
    {
        Needs(StoreCapabilities.AtomicBatch);
        RunId run = await StartRunAsync(), other = RunId.New();
        await LogAsync(
            new TrackingRecord.ParamLogged(run, "depth", "6"), new TrackingRecord.TagSet(run, "color", "red"), Points(run, new MetricPoint(1, 1, 1)), new TrackingRecord.DatasetUsed(run, s_wine));
        RunDetails before = await GetRunAsync(run);

        AppendResult result = await Store.AppendAsync(
            new RecordBatch
            {
                OnReject = OnReject.RefuseAll,
                Records =
                [
                    Started(other, "new experiment"),
                    .. OneOfEachChange(run),
                    new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = 99 },
                    new TrackingRecord.ParamLogged(run, "depth", "7"),
                    new TrackingRecord.ParamLogged(other, "depth", "7"),
                    new TrackingRecord.TagDeleted(other, "none"),
                ],
            },
            Cancellation);
        await ReopenAsync();

        Assert.Equal([(8, RejectionReason.ParamChanged), (10, RejectionReason.UnknownTag)], result.Rejections.Select(rejection => (rejection.Index, rejection.Reason)));
        Assert.Null(await Store.FindRunAsync(other, Cancellation));
        Assert.Null(await Store.FindExperimentAsync("new experiment", Cancellation));
        RunDetails after = await GetRunAsync(run);
        Assert.Equal(before.Info, after.Info);
        Assert.Equal(before.Params, after.Params);
        Assert.Equal(before.Tags, after.Tags);
        Assert.Equal(before.Metrics, after.Metrics);
        Assert.Equal(before.Datasets, after.Datasets);
        Assert.Equal([new MetricPoint(1, 1, 1)], await GetPointsAsync(run));
        Assert.Equal("2", (await Store.CreateExperimentAsync("next", null, Cancellation)).Id.Value);
    }

    [Fact]
    public async Task Refusing_all_applies_everything_when_nothing_is_refused()
    {
        Needs(StoreCapabilities.AtomicBatch);
        RunId run = RunId.New();

        AppendResult result = await Store.AppendAsync(
            new RecordBatch { OnReject = OnReject.RefuseAll, Records = [Started(run), new TrackingRecord.TagSet(run, "color", "red"), .. OneOfEachChange(run)] }, Cancellation);

        Assert.Empty(result.Rejections);
        Assert.Equal("other", (await GetRunAsync(run)).Info.Name);
    }

    [Fact]
    public async Task A_batch_from_a_journal_is_applied_once()
    {
        Needs(StoreCapabilities.AtomicBatch);
        TestJournal journal = new(Clock);
        RunId run = RunId.New();
        RecordBatch start = journal.Next(Started(run), new TrackingRecord.TagSet(run, "color", "red")), end = journal.Next(new TrackingRecord.TagSet(run, "color", "blue"));
        foreach (RecordBatch batch in (RecordBatch[])[start, end])
            Assert.Empty((await Store.AppendAsync(batch, Cancellation)).Rejections);
        await ReopenAsync();

        TrackingRecord repaint = new TrackingRecord.TagSet(run, "color", "green");
        foreach (RecordBatch again in (RecordBatch[])[start, end, journal.At(journal.Cursor, repaint), journal.At(journal.Cursor - 1, repaint)])
            Assert.Empty((await Store.AppendAsync(again, Cancellation)).Rejections);

        Assert.Equal("blue", (await GetRunAsync(run)).Tags["color"]);
        Assert.Equal(journal.Cursor, await Store.GetCursorAsync(journal.Owner.Journal, Cancellation));
    }

    [Fact]
    public async Task Each_journal_has_a_cursor_of_its_own_that_starts_at_0()
    {
        Needs(StoreCapabilities.AtomicBatch);
        TestJournal one = new(Clock), two = new(Clock);
        RunId first = RunId.New(), second = RunId.New();

        await LogAsync(one, Started(first));
        Assert.Equal((one.Cursor, 0), (await Store.GetCursorAsync(one.Owner.Journal, Cancellation), await Store.GetCursorAsync(two.Owner.Journal, Cancellation)));
        await LogAsync(two, Started(second));
        await ReopenAsync();

        Assert.Equal((one.Cursor, two.Cursor), (await Store.GetCursorAsync(one.Owner.Journal, Cancellation), await Store.GetCursorAsync(two.Owner.Journal, Cancellation)));
        Assert.NotNull(await Store.FindRunAsync(second, Cancellation));
    }

    [Fact]
    public async Task A_cursor_moves_past_refused_records_that_are_skipped()
    {
        Needs(StoreCapabilities.AtomicBatch);
        TestJournal journal = new(Clock);

        AppendResult result = await Store.AppendAsync(journal.Next(new TrackingRecord.TagSet(RunId.New(), "color", "red")), Cancellation);

        AssertOnlyRefusal(result.Rejections, 0, RejectionReason.UnknownRun);
        Assert.Equal(journal.Cursor, await Store.GetCursorAsync(journal.Owner.Journal, Cancellation));
    }

    [Fact]
    public async Task A_cursor_stays_where_all_was_refused()
    {
        Needs(StoreCapabilities.AtomicBatch);
        TestJournal journal = new(Clock);
        RunId run = RunId.New();
        RecordBatch batch = journal.Next(Started(run), new TrackingRecord.TagDeleted(run, "none")) with { OnReject = OnReject.RefuseAll };

        AssertOnlyRefusal((await Store.AppendAsync(batch, Cancellation)).Rejections, 1, RejectionReason.UnknownTag);

        Assert.Equal(0, await Store.GetCursorAsync(journal.Owner.Journal, Cancellation));
        Assert.Null(await Store.FindRunAsync(run, Cancellation));
    }

    [Fact]
    public async Task Many_threads_may_write_and_read_one_store()
    {
        RunId run = await StartRunAsync();
        TestJournal[] journals = [.. Enumerable.Range(0, 8).Select(_ => new TestJournal(Clock))];

        await Task.WhenAll(journals.Select((journal, writer) => Task.Run(
            async () =>
            {
                for (int i = 0; i < 25; i++)
                {
                    await LogAsync(journal, Points(run, new MetricPoint(i, writer, 1)), new TrackingRecord.ParamLogged(run, $"p{writer}.{i}", "1"));
                    Assert.True((await GetRunAsync(run)).Params.Count > i);
                }
            },
            Cancellation)));
        await Store.SyncAsync(Cancellation);
        await ReopenAsync();

        Assert.Equal(200, (await GetPointsAsync(run)).Count);
        Assert.Equal(200, (await GetRunAsync(run)).Params.Count);
    }

    [Fact]
    public async Task Writers_that_race_for_a_new_experiment_share_one()
    {
        RunId[] runs = [.. Enumerable.Range(0, 8).Select(_ => RunId.New())];

        await Task.WhenAll(runs.Select(run => Task.Run(() => LogAsync(Started(run, "race")), Cancellation)));

        Assert.Equal(8, (await FindRunIdsAsync(new RunQuery { Experiments = [(await GetExperimentAsync("race")).Id] })).Count);
        Assert.Equal(["race", "Default"], (await FindExperimentNamesAsync(lifecycle: null)).OrderDescending(StringComparer.Ordinal));
    }
}
