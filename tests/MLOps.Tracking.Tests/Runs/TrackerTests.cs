using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Runs;

public sealed partial class TrackerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_that_returns_is_finished_and_has_all_that_it_logged()
    {
        await using Tracker tracker = Open();
        RunId id = default;
        await tracker.RunAsync(
            "churn",
            async run =>
            {
                id = run.Id;
                run.LogParam("learning_rate", 0.01);
                run.LogParam("shuffle", true);
                run.LogParam("optimizer", "adam");
                run.LogMetric("loss", 0.5, step: 1);
                run.LogMetric("loss", double.NaN, step: 2);
                run.LogMetrics("span", [1.0, 2.0, double.PositiveInfinity], firstStep: 10);
                run.SetTag("stage", "dev");
                run.SetNote("# A note");
                run.LogDataset(new DatasetInput { Name = "train", Digest = "abc", Role = "training" });
                await run.LogTextAsync("notes/readme.md", "hello", Cancellation);
            },
            new RunOptions { Name = "first", Tags = new Dictionary<string, string> { ["team"] = "blue" } },
            Cancellation);

        RunDetails details = await tracker.GetRunAsync(id, Cancellation);
        Assert.Equal(RunStatus.Finished, details.Info.Status);
        Assert.NotNull(details.Info.EndedAt);
        Assert.Equal("first", details.Info.Name);
        Assert.Equal(("0.01", "true", "adam"), (details.Params["learning_rate"], details.Params["shuffle"], details.Params["optimizer"]));
        Assert.Equal(double.NaN, details.Metrics["loss"].Value);
        Assert.Equal("blue", details.Tags["team"]);
        Assert.Equal("# A note", details.Tags[WellKnownTags.Note]);
        Assert.Equal("training", Assert.Single(details.Datasets).Role);
        MetricSeries span = await tracker.GetSeriesAsync(id, "span", Cancellation);
        Assert.Equal([(10L, 1.0), (11L, 2.0), (12L, double.PositiveInfinity)], span.Points.Select(p => (p.Step, p.Value)));
        Assert.Contains(await tracker.OpenArtifacts(details.Info).ListAsync(Cancellation), file => file.Path.Value == "notes/readme.md" && file.Sha256 is not null);
        Assert.True(tracker.Health.IsHealthy);
        Assert.Equal(tracker.Health.Accepted, tracker.Health.Applied);
    }

    [Fact]
    public async Task A_failed_run_keeps_what_it_logged_and_says_why()
    {
        await using Tracker tracker = Open();
        RunId id = default;
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => tracker.RunAsync(
            "churn",
            run =>
            {
                id = run.Id;
                run.LogMetric("loss", 1);
                throw new InvalidDataException("row 7 is odd");
            },
            cancellationToken: Cancellation));

        RunDetails details = await tracker.GetRunAsync(id, Cancellation);
        Assert.Equal(RunStatus.Failed, details.Info.Status);
        Assert.Equal(1, details.Metrics["loss"].Value);
        Assert.Equal($"{typeof(InvalidDataException).FullName}: {error.Message}", details.Tags[WellKnownTags.Exception]);
    }

    [Fact]
    public async Task A_cancelled_run_is_killed()
    {
        await using Tracker tracker = Open();
        RunId id = default;
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tracker.RunAsync(
            "churn",
            async run =>
            {
                id = run.Id;
                await cancel.CancelAsync();
                cancel.Token.ThrowIfCancellationRequested();
            },
            cancellationToken: cancel.Token));
        Assert.Equal(RunStatus.Killed, (await tracker.GetRunAsync(id, Cancellation)).Info.Status);
    }

    [Fact]
    public async Task A_run_disposed_without_an_ending_is_killed_and_an_ended_one_keeps_its_status()
    {
        await using Tracker tracker = Open();
        Run left, ended;
        await using (left = await tracker.StartRunAsync("churn", cancellationToken: Cancellation))
            left.LogMetric("loss", 1);
        await using (ended = await tracker.StartRunAsync("churn", cancellationToken: Cancellation))
            await ended.EndAsync(RunStatus.Failed, Cancellation);

        Assert.Equal(RunStatus.Killed, (await tracker.GetRunAsync(left.Id, Cancellation)).Info.Status);
        Assert.Equal(RunStatus.Failed, (await tracker.GetRunAsync(ended.Id, Cancellation)).Info.Status);
    }

    [Fact]
    public async Task The_current_run_follows_async_flow_and_children_know_their_parent()
    {
        await using Tracker tracker = Open();
        Assert.Null(Run.Current);
        RunId parent = default, child = default;
        await tracker.RunAsync(
            "sweep",
            async outer =>
            {
                parent = outer.Id;
                await Task.Yield();
                Assert.Same(outer, Run.Current);
                await tracker.RunAsync(
                    "sweep",
                    inner =>
                    {
                        child = inner.Id;
                        Assert.Same(inner, Run.Current);
                        return Task.CompletedTask;
                    },
                    cancellationToken: Cancellation);
                Assert.Same(outer, Run.Current);
                await using Run other = await tracker.StartRunAsync("sweep", new RunOptions { IsRoot = true }, Cancellation);
                Assert.Same(other, Run.Current);
                Assert.Null(other.Parent);
                await other.EndAsync(cancellationToken: Cancellation);
                Assert.Same(outer, Run.Current);
            },
            cancellationToken: Cancellation);
        Assert.Null(Run.Current);

        RunDetails details = await tracker.GetRunAsync(child, Cancellation);
        Assert.Equal(parent, details.Info.Parent);
        Assert.Equal(parent.Value, details.Tags[WellKnownTags.ParentRunId]);
        Assert.Equal([child], await tracker.FindRunsAsync(new RunQuery { Parent = parent }, Cancellation).Select(r => r.Info.Id).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_resumed_run_is_the_current_one_until_it_is_left_and_a_failed_resume_changes_nothing()
    {
        await using Tracker tracker = Open();
        RunId id = await tracker.RunAsync("sweep", run => Task.FromResult(run.Id), cancellationToken: Cancellation);
        await using Run outer = await tracker.StartRunAsync("sweep", cancellationToken: Cancellation);
        await Assert.ThrowsAsync<RunNotFoundException>(async () => await tracker.ResumeRunAsync(RunId.New(), cancellationToken: Cancellation));
        Assert.Same(outer, Run.Current);

        ValueTask<Run> resuming = tracker.ResumeRunAsync(id, cancellationToken: Cancellation);
        await using (Run resumed = await resuming)
        {
            Assert.Same(resumed, Run.Current);
            await using Run child = await tracker.StartRunAsync("sweep", cancellationToken: Cancellation);
            Assert.Equal(id, child.Parent);
        }

        Assert.Same(outer, Run.Current);
    }

    [Fact]
    public async Task A_param_does_not_change_and_the_same_value_again_is_fine()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        run.LogParam("lr", 0.1);
        run.LogParam("lr", 0.1);
        ParamChangedException error = Assert.Throws<ParamChangedException>(() => run.LogParam("lr", 0.2));
        Assert.Equal(("lr", "0.1", "0.2"), (error.Key, error.Current, error.Attempted));
        await run.FlushAsync(Durability.Store, Cancellation);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/abs")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("trailing/")]
    [InlineData("semi;colon")]
    [InlineData("nul\0")]
    public async Task A_key_that_is_not_one_is_refused_by_every_verb(string key)
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        Assert.Throws<ArgumentException>(() => run.LogMetric(key, 1));
        Assert.Throws<ArgumentException>(() => run.LogParam(key, "1"));
        Assert.Throws<ArgumentException>(() => run.SetTag(key, "1"));
        Assert.Throws<ArgumentException>(() => run.LogMetric(new string('k', 251), 1));
        Assert.Throws<ArgumentException>(() => run.LogParam("long", new string('v', 6001)));
        Assert.Throws<ArgumentException>(() => run.SetTag("long", new string('v', 8001)));
        run.LogMetric("ünïcode/with spaces:and-dots.v1", 1);
    }

    [Fact]
    public async Task An_ended_run_refuses_to_log()
    {
        await using Tracker tracker = Open();
        Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        Metric loss = run.Metric("loss");
        await run.EndAsync(cancellationToken: Cancellation);
        await run.EndAsync(RunStatus.Failed, Cancellation);
        Assert.Throws<InvalidOperationException>(() => loss.Log(1));
        Assert.Throws<InvalidOperationException>(() => run.LogMetric("other", 1));
        Assert.Throws<InvalidOperationException>(() => run.LogParam("p", "1"));
        Assert.Throws<InvalidOperationException>(() => run.SetTag("t", "1"));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await run.LogTextAsync("a.txt", "x", Cancellation));
        Assert.Equal(RunStatus.Finished, (await tracker.GetRunAsync(run.Id, Cancellation)).Info.Status);
    }

    [Fact]
    public async Task A_hundred_threads_log_to_one_run_and_nothing_is_missing()
    {
        const int threads = 100, points = 500;
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        Thread[] all = [.. Enumerable.Range(0, threads).Select(thread => new Thread(() =>
        {
            for (int i = 0; i < points; i++)
            {
                run.LogMetric("shared", thread, step: (thread * points) + i);
                run.LogParam($"p{i % 10}", i % 10);
            }
        }))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();

        MetricSeries shared = await tracker.GetSeriesAsync(run.Id, "shared", Cancellation);
        Assert.Equal(Enumerable.Range(0, threads * points).Select(i => (long)i), shared.Points.Select(p => p.Step));
        Assert.Equal(10, (await tracker.GetRunAsync(run.Id, Cancellation)).Params.Count);
        Assert.Equal(shared.Points.Select(p => p.TimestampMs).Max(), shared.Points.Max(p => p.TimestampMs));
    }

    [Fact]
    public async Task Timestamps_never_go_back_within_a_run()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(1)) { AutoAdvanceAmount = TimeSpan.Zero };
        var backwards = new SteppedClock(clock, [5000, 4000, 6000, 1000]);
        await using Tracker tracker = Open(t => t.UseTimeProvider(backwards));
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        backwards.Begin();
        for (int i = 0; i < 4; i++)
            run.LogMetric("loss", i, i);
        Assert.Equal([5000, 5000, 6000, 6000], (await tracker.GetSeriesAsync(run.Id, "loss", Cancellation)).Points.Select(p => p.TimestampMs - SteppedClock.Base));
    }

    [Fact]
    public async Task A_store_that_is_away_costs_nothing_but_time()
    {
        var store = new FlakyStore(_store) { Error = new TrackingStoreException("away", isTransient: true) };
        await using Tracker tracker = Open(t => t.UseStore(_ => store, Places()));
        Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        run.LogMetric("loss", 1);
        await run.EndAsync(cancellationToken: Cancellation);
        Task flush = tracker.FlushAsync(Durability.Store, Cancellation).AsTask();
        while (store.Refusals < 2)
            await Task.Yield();
        Assert.False(flush.IsCompleted);
        Assert.IsType<TrackingStoreException>(tracker.Health.StoreError);

        store.Error = null;
        await flush;
        Assert.Null(tracker.Health.StoreError);
        Assert.Equal(1, (await tracker.GetRunAsync(run.Id, Cancellation)).Metrics["loss"].Value);
    }

    [Fact]
    public async Task A_store_that_refuses_for_good_is_told_to_those_who_wait_and_the_journal_keeps_all()
    {
        var store = new FlakyStore(_store) { Error = new TrackingStoreException("no", isTransient: false) };
        RunId id;
        await using (Tracker tracker = Open(t => t.UseStore(_ => store, Places())))
        {
            Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
            id = run.Id;
            run.LogMetric("loss", 1);
            await run.EndAsync(cancellationToken: Cancellation);
            TrackingStoreException error = await Assert.ThrowsAsync<TrackingStoreException>(async () => await tracker.FlushAsync(Durability.Store, Cancellation));
            Assert.Equal("no", error.Message);
        }

        await using Tracker next = Open();
        RunDetails details = await next.GetRunAsync(id, Cancellation);
        Assert.Equal((RunStatus.Finished, 1.0), (details.Info.Status, details.Metrics["loss"].Value));
        Assert.Equal([next.Journal.Folder], Directory.GetDirectories(Places().JournalFolder));
    }

    [Fact]
    public async Task What_a_killed_process_left_is_adopted_and_its_run_is_killed_and_resumable()
    {
        var id = RunId.New();
        using (Journal killed = Journal.Create(JournalRoot.Open(Places().JournalFolder), new JournalOptions(), TimeProvider.System))
        {
            killed.Append(new TrackingRecord.RunStarted(id, 1000) { ExperimentName = "churn", ArtifactLocation = new Uri(_folder["a"]).AbsoluteUri });
            SeriesKey loss = killed.Intern(id, "loss");
            for (int i = 0; i < 10_000; i++)
                killed.AppendPoint(loss, i, 1000 + i, i);
        }

        await using Tracker tracker = Open();
        RunDetails details = await tracker.GetRunAsync(id, Cancellation);
        Assert.Equal(RunStatus.Killed, details.Info.Status);
        Assert.Equal(9999, details.Metrics["loss"].Value);
        Assert.Equal(10_000, (await tracker.GetSeriesAsync(id, "loss", Cancellation)).Points.Count);

        await using Run resumed = await tracker.ResumeRunAsync(id, cancellationToken: Cancellation);
        Assert.Equal(RunStatus.Running, (await tracker.GetRunAsync(id, Cancellation)).Info.Status);
        resumed.LogMetric("loss", -1, 10_000);
        await resumed.EndAsync(cancellationToken: Cancellation);
        details = await tracker.GetRunAsync(id, Cancellation);
        Assert.Equal((RunStatus.Finished, -1.0), (details.Info.Status, details.Metrics["loss"].Value));
    }

    [Fact]
    public async Task A_damaged_journal_gives_all_its_good_records_and_reports_the_rest()
    {
        var id = RunId.New();
        string segment;
        using (Journal killed = Journal.Create(JournalRoot.Open(Places().JournalFolder), new JournalOptions { MemoryMapped = false }, TimeProvider.System))
        {
            segment = Path.Combine(killed.Folder, Path.GetFileName(killed.First.Path));
            killed.Append(new TrackingRecord.RunStarted(id, 1000) { ExperimentName = "churn", ArtifactLocation = "file:///a" });
            SeriesKey loss = killed.Intern(id, "loss");
            for (int i = 0; i < 100; i++)
                killed.AppendPoint(loss, i, 1000 + i, i);
        }

        byte[] bytes = await File.ReadAllBytesAsync(segment, Cancellation);
        int last = Array.FindLastIndex(bytes, b => b != 0) / Slot.Size * Slot.Size;
        bytes[last - (5 * Slot.Size) + 20] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes[..(last + 10)], Cancellation);

        await using Tracker tracker = Open();
        Assert.Equal(98, (await tracker.GetSeriesAsync(id, "loss", Cancellation)).Points.Count);
        string report = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(Places().JournalFolder, "rejected"))), Cancellation);
        Assert.Contains("1 damaged slots", report, StringComparison.Ordinal);
        Assert.Contains("38 bytes cut off", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_that_the_store_refuses_are_set_aside_with_the_reason_and_block_nothing()
    {
        await using Tracker first = Open(), second = Open();
        await using Run run = await first.StartRunAsync("churn", cancellationToken: Cancellation);
        run.LogParam("lr", 0.1);
        await first.FlushAsync(Durability.Store, Cancellation);
        await using Run shared = await second.ResumeRunAsync(run.Id, ResumeMode.Share, Cancellation);
        run.LogParam("depth", 3);
        await first.FlushAsync(Durability.Store, Cancellation);
        shared.LogParam("depth", 4);
        shared.LogMetric("loss", 7);

        RecordsRejectedException error = await Assert.ThrowsAsync<RecordsRejectedException>(async () => await second.FlushAsync(Durability.Store, Cancellation));
        Assert.Equal(1, error.Count);
        string line = Assert.Single(await File.ReadAllLinesAsync(error.Path, Cancellation));
        Assert.Contains("\"reason\":\"ParamChanged\"", line, StringComparison.Ordinal);
        Assert.Contains("\"value\":\"4\"", line, StringComparison.Ordinal);
        await second.FlushAsync(Durability.Store, Cancellation);
        Assert.Equal(1, second.Health.Rejected);
        Assert.False(shared.Health.IsHealthy);
        RunDetails details = await second.GetRunAsync(run.Id, Cancellation);
        Assert.Equal(("3", 7.0), (details.Params["depth"], details.Metrics["loss"].Value));
    }

    [Fact]
    public async Task A_run_in_use_is_not_resumed_but_can_be_shared()
    {
        await using Tracker owner = Open(), other = Open();
        await using Run run = await owner.StartRunAsync("churn", cancellationToken: Cancellation);
        await owner.FlushAsync(Durability.Store, Cancellation);

        RunInUseException error = await Assert.ThrowsAsync<RunInUseException>(async () => await other.ResumeRunAsync(run.Id, cancellationToken: Cancellation));
        Assert.Equal((run.Id, Environment.ProcessId), (error.Id, error.Owner.ProcessId));
        await Assert.ThrowsAsync<RunInUseException>(async () => await owner.ResumeRunAsync(run.Id, cancellationToken: Cancellation));

        await using (Run rank = await other.ResumeRunAsync(run.Id, ResumeMode.Share, Cancellation))
        {
            rank.LogMetric("rank1/loss", 2);
            await rank.EndAsync(RunStatus.Failed, Cancellation);
        }

        Assert.Equal((RunStatus.Running, 2.0), ((await other.GetRunAsync(run.Id, Cancellation)).Info.Status, (await other.GetRunAsync(run.Id, Cancellation)).Metrics["rank1/loss"].Value));
        await run.EndAsync(cancellationToken: Cancellation);
        await owner.FlushAsync(Durability.Store, Cancellation);
        await using Run resumed = await other.ResumeRunAsync(run.Id, cancellationToken: Cancellation);
        Assert.Equal(RunStatus.Running, (await other.GetRunAsync(run.Id, Cancellation)).Info.Status);
    }

    [Fact]
    public async Task An_unknown_or_deleted_run_is_not_resumed()
    {
        await using Tracker tracker = Open();
        await Assert.ThrowsAsync<RunNotFoundException>(async () => await tracker.ResumeRunAsync(RunId.New(), cancellationToken: Cancellation));
        Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await run.EndAsync(cancellationToken: Cancellation);
        await tracker.DeleteRunAsync(run.Id, Cancellation);
        await Assert.ThrowsAsync<RunDeletedException>(async () => await tracker.ResumeRunAsync(run.Id, cancellationToken: Cancellation));
        await tracker.RestoreRunAsync(run.Id, Cancellation);
        await using Run resumed = await tracker.ResumeRunAsync(run.Id, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_resumed_run_still_knows_its_params()
    {
        await using Tracker tracker = Open();
        Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        run.LogParam("lr", 0.1);
        await run.EndAsync(cancellationToken: Cancellation);
        await using Run resumed = await tracker.ResumeRunAsync(run.Id, cancellationToken: Cancellation);
        Assert.Throws<ParamChangedException>(() => resumed.LogParam("lr", 0.2));
    }

    [Fact]
    public async Task An_open_run_of_a_closed_tracker_is_killed_and_the_journal_is_gone()
    {
        RunId id;
        await using (Tracker tracker = Open())
        {
            Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
            id = run.Id;
            await tracker.DisposeAsync();
            Assert.Throws<InvalidOperationException>(() => run.LogMetric("loss", 1));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await tracker.StartRunAsync("churn", cancellationToken: Cancellation));
        }

        Assert.Empty(Directory.EnumerateDirectories(Places().JournalFolder));
        Assert.Equal(RunStatus.Killed, (await _store.FindRunAsync(id, Cancellation))!.Info.Status);
    }

    [Fact]
    public async Task An_interrupted_run_says_by_which_signal()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        tracker.NoteInterruption("SIGTERM");
        Assert.Equal("SIGTERM", (await tracker.GetRunAsync(run.Id, Cancellation)).Tags[WellKnownTags.Interrupted]);
    }

    [Fact]
    public async Task An_artifact_whose_store_is_away_is_staged_and_arrives_later()
    {
        var artifacts = new FlakyArtifactStore { Away = true };
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => (o.ArtifactRoot, o.ArtifactAttempts) = ("flaky://bucket/root", 1)));
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        ArtifactFile staged = await run.LogTextAsync("model.txt", "weights", Cancellation);
        Assert.Equal(7, staged.SizeBytes);
        Assert.Equal(1, run.Health.Staged);
        Assert.Empty(artifacts.Objects);

        artifacts.Away = false;
        await run.FlushAsync(Durability.Store, Cancellation);
        Assert.Equal(0, run.Health.Staged);
        ArtifactFile stored = Assert.Single(await tracker.OpenArtifacts((await tracker.GetRunAsync(run.Id, Cancellation)).Info).ListAsync(Cancellation));
        Assert.Equal(("model.txt", staged.Sha256), (stored.Path.Value, stored.Sha256));
    }

    [Fact]
    public async Task Files_of_a_folder_that_a_store_does_not_take_are_staged_and_arrive_later()
    {
        var artifacts = new FlakyArtifactStore();
        using TemporaryFolder local = new();
        for (int i = 0; i < 20; i++)
            local.Write($"{i % 3}/{i}.txt", $"content of {i}");
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => (o.ArtifactRoot, o.ArtifactAttempts) = ("flaky://bucket/root", 1)));
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        int puts = 0;
        artifacts.DuringPut = () =>
        {
            artifacts.Away |= Interlocked.Increment(ref puts) == 8;
            return Task.CompletedTask;
        };
        IReadOnlyList<ArtifactFile> files = await run.LogArtifactsAsync(local.Path, "data", cancellationToken: Cancellation);
        Assert.Equal(20, files.Count);
        Assert.All(files, file => Assert.NotNull(file.Sha256));
        Assert.InRange(run.Health.Staged, 1, 20);

        artifacts.Away = false;
        await run.FlushAsync(Durability.Store, Cancellation);
        Assert.Equal(0, run.Health.Staged);
        Assert.Equal(files, await tracker.OpenArtifacts((await tracker.GetRunAsync(run.Id, Cancellation)).Info).ListAsync(Cancellation));
    }

    [Fact]
    public async Task Stores_stand_side_by_side_and_the_first_that_serves_a_location_is_used()
    {
        var first = new FlakyArtifactStore();
        var second = new FlakyArtifactStore();
        await using Tracker tracker = Open(t => t.AddArtifactStore(first).AddArtifactStore(_ => second).UseArtifactRoot("flaky://bucket/root"));
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await run.LogTextAsync("note.txt", "x", Cancellation);
        Assert.StartsWith("flaky://bucket/root/", run.ArtifactLocation, StringComparison.Ordinal);
        Assert.Equal(2, first.Objects.Count);
        Assert.Empty(second.Objects);
        Assert.Same(first, tracker.ArtifactStores.GetStore(new Uri("flaky://bucket/x")));
        Assert.IsType<LocalArtifactStore>(tracker.ArtifactStores.GetStore(new Uri("file:///tmp/x")));
        ArtifactStoreException unknown = Assert.Throws<ArtifactStoreException>(() => tracker.ArtifactStores.GetStore(new Uri("s3://bucket/x")));
        Assert.Contains("s3://bucket", unknown.Message, StringComparison.Ordinal);
        Assert.False(unknown.IsTransient);
        Assert.Throws<ArgumentException>(() => tracker.ArtifactStores.GetStore(new Uri("x", UriKind.Relative)));
    }

    [Fact]
    public async Task Layers_stand_around_every_store_and_what_was_made_with_the_tracker_ends_with_it()
    {
        List<string> disposed = [];
        var lent = new DisposableStore("lent", "lent", disposed);
        await using (Tracker tracker = Open(t => t
            .AddArtifactStore(lent)
            .AddArtifactStore(_ => new DisposableStore("owned", "owned", disposed))
            .DecorateArtifactStores((inner, _) => new Layer("outer", inner, disposed))
            .DecorateArtifactStores((inner, _) => new Layer("inner", inner, disposed))))
        {
            var outer = Assert.IsType<Layer>(tracker.ArtifactStores.GetStore(new Uri("owned://x")));
            Assert.Equal("outer", outer.Name);
            Assert.Equal("inner", Assert.IsType<Layer>(outer.Around).Name);
            Assert.IsType<Layer>(tracker.ArtifactStores.GetStore(new Uri("file:///x")));
        }

        Assert.DoesNotContain("lent", disposed);
        Assert.Equal("inner of owned, outer of owned, owned", string.Join(", ", disposed.Where(name => name.Contains("owned", StringComparison.Ordinal)).Order(StringComparer.Ordinal)));
        Assert.True(disposed.IndexOf("outer of owned") < disposed.IndexOf("inner of owned") && disposed.IndexOf("inner of owned") < disposed.IndexOf("owned"));
    }

    [Fact]
    public async Task Whole_objects_become_params_under_dotted_keys()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        run.LogParams(new Hyper(0.1, new Schedule("cosine", [10, 20]), null), HyperJson.Default.Hyper, prefix: "train");
        IReadOnlyDictionary<string, string> logged = (await tracker.GetRunAsync(run.Id, Cancellation)).Params;
        Assert.Equal("0.1", logged["train.Rate"]);
        Assert.Equal("cosine", logged["train.Schedule.Kind"]);
        Assert.Equal("[10,20]", logged["train.Schedule.Steps"]);
        Assert.Equal("", logged["train.Note"]);
        Assert.Throws<ArgumentException>(() => run.LogParams([1], HyperJson.Default.Int32Array));
    }

    [Fact]
    public async Task Tables_and_images_are_checked_before_anything_is_logged()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(async () => await run.LogTableAsync("t.csv", ["a"], [], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await run.LogTableAsync("t.json", ["a", "a"], [], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await run.LogTableAsync("t.json", ["a", "b"], [["x"]], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await run.LogImageAsync("i.png", "not a png"u8.ToArray(), Cancellation));
        await run.LogTableAsync("t.json", ["name", "n", "ok", "x"], [["é", 1, true, double.NaN], [null, 2L, false, 0.5]], Cancellation);
        ArtifactFolder folder = tracker.OpenArtifacts((await tracker.GetRunAsync(run.Id, Cancellation)).Info);
        using var reader = new StreamReader(await folder.OpenReadAsync("t.json", Cancellation));
        Assert.Equal("""{"columns":["name","n","ok","x"],"data":[["\u00E9",1,true,"NaN"],[null,2,false,0.5]]}""", await reader.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public void A_store_that_cannot_be_opened_is_told_at_once_unless_it_is_only_away()
    {
        var refused = new FlakyStore(_store) { OpenError = new StoreVersionException("mlops.db", 9, 1) };
        Assert.Throws<StoreVersionException>(() => Open(t => t.UseStore(_ => refused, Places())));
        Assert.False(Directory.Exists(Places().JournalFolder) && Directory.EnumerateDirectories(Places().JournalFolder).Any());
        using Tracker tracker = Open(t => t.UseStore(_ => new FlakyStore(_store) { OpenError = new TrackingStoreException("locked", isTransient: true) }, Places()));
    }

    [Fact]
    public async Task A_start_that_waits_for_the_store_raises_what_the_store_refuses()
    {
        Experiment gone = await _store.CreateExperimentAsync("gone", null, Cancellation);
        await _store.SetExperimentLifecycleAsync(gone.Id, Lifecycle.Deleted, Cancellation);
        await using Tracker tracker = Open(t => t.Configure(o => o.RequireStoreAtStart = true));
        await Assert.ThrowsAsync<RecordsRejectedException>(async () => await tracker.StartRunAsync("gone", cancellationToken: Cancellation));
        await using Run run = await tracker.StartRunAsync("fine", cancellationToken: Cancellation);
        Assert.NotNull(await _store.FindRunAsync(run.Id, Cancellation));
    }

    [Fact]
    public void An_option_out_of_range_and_a_missing_store_are_clear_errors()
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => Open(t => t.Configure(o => o.LeaseDuration = TimeSpan.Zero)));
        Assert.Contains("LeaseDuration", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Tracker.Open(_ => { }));
    }

    [Fact]
    public async Task A_query_says_so_when_the_store_did_not_catch_up_in_time()
    {
        var store = new FlakyStore(_store) { Error = new TrackingStoreException("away", isTransient: true) };
        await using Tracker tracker = Open(t => t.UseStore(_ => store, Places()).Configure(o => (o.ReadTimeout, o.CloseTimeout) = (TimeSpan.FromMilliseconds(20), TimeSpan.Zero)));
        Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        TrackingStoreException error = await Assert.ThrowsAsync<TrackingStoreException>(async () => await tracker.GetRunAsync(run.Id, Cancellation));
        Assert.Contains("ReadTimeout", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Tracker Open(Action<TrackingBuilder>? more = null) => Tracker.Open(t =>
    {
        t.UseInMemory(_folder.Path, _store).Configure(o => (o.Capture.Source, o.Capture.Environment, o.CloseTimeout) = (false, false, TimeSpan.FromSeconds(2)));
        more?.Invoke(t);
    });

    private StorePlaces Places() => new() { JournalFolder = _folder["mlops.journal"], ArtifactRoot = _folder["mlops.artifacts"] };

    private sealed record Hyper(double Rate, Schedule Schedule, string? Note);

    private sealed record Schedule(string Kind, int[] Steps);

    [JsonSerializable(typeof(Hyper))]
    [JsonSerializable(typeof(int[]))]
    private sealed partial class HyperJson : JsonSerializerContext;

    private sealed class SteppedClock(TimeProvider inner, long[] times) : TimeProvider
    {
        public const long Base = 86_400_000;
        private int _thread = -1, _next;

        // Only the thread that logs sees the steps.
        public void Begin() => Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);

        public override DateTimeOffset GetUtcNow() =>
            Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId && _next < times.Length
                ? DateTimeOffset.FromUnixTimeMilliseconds(Base + times[_next++])
                : inner.GetUtcNow();

        public override long GetTimestamp() => inner.GetTimestamp();
    }

    private sealed class DisposableStore(string scheme, string name, List<string> disposed) : DelegatingArtifactStore(new LocalArtifactStore()), IDisposable
    {
        public override bool Serves(Uri location) => location.Scheme == scheme;

        public override string ToString() => name;

        public void Dispose() => disposed.Add(name);
    }

    private sealed class Layer(string name, IArtifactStore inner, List<string> disposed) : DelegatingArtifactStore(inner), IAsyncDisposable
    {
        public string Name => name;

        public IArtifactStore Around => Inner;

        public ValueTask DisposeAsync()
        {
            disposed.Add($"{name} of {((Inner as Layer)?.Around ?? Inner)}");
            return default;
        }
    }
}
