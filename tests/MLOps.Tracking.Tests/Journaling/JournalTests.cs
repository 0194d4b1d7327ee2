using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Journaling;

public sealed class JournalTests
{
    private static readonly RunId Run = new("0199f0c0ffee70008000000000000001");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_appended_is_read_back_after_its_process_is_gone(bool mapped)
    {
        using var harness = new JournalHarness(mapped);
        TrackingRecord[] written =
        [
            new TrackingRecord.RunStarted(Run, 1_700_000_000_000)
            {
                ExperimentName = "churn", Name = "calm-heron", User = "me", Parent = new RunId("parent-1"), ArtifactLocation = "file:///a/b",
            },
            new TrackingRecord.RunStarted(new RunId("by-id"), 0) { ExperimentId = new ExperimentId("7"), Status = RunStatus.Scheduled },
            new TrackingRecord.ParamLogged(Run, "lr", ""),
            new TrackingRecord.ParamLogged(Run, "text", new string('ü', 6000)),
            new TrackingRecord.TagSet(Run, "t", "väl\0ue"),
            new TrackingRecord.TagDeleted(Run, "t"),
            new TrackingRecord.DatasetUsed(Run, new DatasetInput { Name = "d", Digest = "x", Source = "s", Schema = null, Profile = new string('p', 300_000), Role = "training" }),
            new TrackingRecord.RunUpdated(Run) { Name = "renamed" },
            new TrackingRecord.RunUpdated(Run) { Status = RunStatus.Finished, EndedAtMs = 1_700_000_000_001 },
        ];
        using (Journal journal = harness.Open())
        {
            foreach (TrackingRecord record in written)
                Assert.True(journal.Append(record));
        }

        using DeadJournal dead = harness.TakeDead();
        Assert.Equal(written, JournalHarness.ReadAll(dead));
        Assert.True(dead.Damage.IsNone, dead.Damage.ToString());
    }

    [Property(MaxTest = 60)]
    public void Any_tags_of_a_dataset_come_back(bool mapped, string[] words)
    {
        // What UTF-8 cannot say is not looked at here.
        Dictionary<string, string> tags = words.Where(word => word is not null && !word.Any(char.IsSurrogate)).Select((word, i) => KeyValuePair.Create($"{i}:{word}", word)).ToDictionary();
        using var harness = new JournalHarness(mapped);
        using (Journal journal = harness.Open())
            Assert.True(journal.Append(new TrackingRecord.DatasetUsed(Run, new DatasetInput { Name = "d", Digest = "x", Role = "test", Tags = tags })));

        using DeadJournal dead = harness.TakeDead();
        DatasetInput read = Assert.IsType<TrackingRecord.DatasetUsed>(Assert.Single(JournalHarness.ReadAll(dead))).Dataset;
        Assert.Equal(tags, read.Tags);
        Assert.Equal(("d", "x", "test"), (read.Name, read.Digest, read.Role));
    }

    [Fact]
    public void A_dataset_that_was_written_down_before_inputs_had_tags_is_read_without_any()
    {
        // Names of all lengths: the old record ends anywhere in a slot, at its very end too.
        for (int length = 1; length <= 2 * Slot.PayloadSize; length++)
        {
            DatasetInput dataset = new() { Name = new string('n', length), Digest = "x", Source = "s", Role = "test" };
            var payload = new PayloadWriter();
            payload.Write(Run.Value);
            foreach (string? part in (string?[])[dataset.Name, dataset.Digest, dataset.SourceType, dataset.Source, dataset.Schema, dataset.Profile, dataset.Role])
                payload.Write(part);
            ReadOnlySpan<byte> bytes = payload.Finish();
            byte[] record = new byte[bytes.Length / Slot.PayloadSize * Slot.Size];
            for (int slot = 0; slot < record.Length / Slot.Size; slot++)
                bytes.Slice(slot * Slot.PayloadSize, Slot.PayloadSize).CopyTo(record.AsSpan((slot * Slot.Size) + sizeof(ulong)));
            payload.Dispose();

            Assert.Equal(new TrackingRecord.DatasetUsed(Run, dataset), RecordCodec.Read(RecordKind.DatasetUsed, record));
        }
    }

    [Fact]
    public void What_speaks_of_logged_models_is_not_written()
    {
        using var harness = new JournalHarness(mapped: false);
        using (Journal journal = harness.Open())
        {
            foreach (TrackingRecord record in (TrackingRecord[])[new TrackingRecord.ModelUsed(Run, LoggedModelId.New()), new TrackingRecord.ModelProduced(Run, new LoggedModelOutput(LoggedModelId.New(), 1))])
                Assert.Contains("journals do not carry logged models", Assert.Throws<NotSupportedException>(() => journal.Append(record)).Message, StringComparison.Ordinal);
            Assert.True(journal.Append(new TrackingRecord.TagDeleted(Run, "t")));
        }

        using DeadJournal dead = harness.TakeDead();
        Assert.Equal([new TrackingRecord.TagDeleted(Run, "t")], JournalHarness.ReadAll(dead));
    }

    [Property(MaxTest = 60)]
    public void Any_points_come_back_bit_for_bit_whatever_lies_between_them(bool mapped, (byte Series, long Step, long Time, double Value)[] points)
    {
        using var harness = new JournalHarness(mapped);
        using (Journal journal = harness.Open())
        {
            SeriesKey[] series = [.. Enumerable.Range(0, 256).Select(i => journal.Intern(Run, $"k{i}"))];
            foreach (var (key, step, time, value) in points)
            {
                Assert.True(journal.AppendPoint(series[key], step, time, value));
                if (step % 3 == 0)
                    journal.Append(new TrackingRecord.TagSet(Run, "between", new string('x', Math.Abs((int)(step % 200)))));
            }
        }

        using DeadJournal dead = harness.TakeDead();
        var read = JournalHarness.PointsOf(JournalHarness.ReadAll(dead)).ToLookup(p => p.Key, p => Bits(p.Point));
        foreach (var group in points.GroupBy(p => $"k{p.Series}"))
            Assert.Equal(group.Select(p => Bits(new MetricPoint(p.Step, p.Time, p.Value))), read[group.Key]);
        Assert.Equal(points.Length, read.Sum(g => g.Count()));
    }

    [Fact]
    public void Any_flipped_byte_costs_at_most_the_record_that_it_is_in_and_is_counted()
    {
        using var harness = new JournalHarness(mapped: false);
        byte[] original = WriteSample(harness, out string segment);
        using DeadJournal clean = harness.TakeDead();
        List<TrackingRecord> whole = JournalHarness.ReadAll(clean);
        int used = LastUsedByte(original);
        var random = new Random(20261123);
        for (int at = 0; at < used; at += TestLength.Of(7, 1))
        {
            byte[] damaged = [.. original];
            damaged[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(segment, damaged);
            using var journal = new DeadJournal(clean.Folder, NoLock(clean));
            List<TrackingRecord> read = JournalHarness.ReadAll(journal);

            // A definition and a run's start are there twice, so at most one record or one point is missing. The marker of a
            // continuation is not needed to read its record: damage to it costs nothing.
            int missing = Count(whole) - Count(read);
            Assert.InRange(missing, 0, 1);
            Assert.True(missing == 0 || journal.Damage.Slots >= 1, $"byte {at} was flipped unseen");
            Assert.Empty(JournalHarness.PointsOf(read).Except(JournalHarness.PointsOf(whole)));
            Assert.Empty(read.Where(r => r is not TrackingRecord.PointsLogged).Except(whole));
        }
    }

    [Fact]
    public void Any_truncation_keeps_all_records_before_it()
    {
        using var harness = new JournalHarness(mapped: false);
        byte[] original = WriteSample(harness, out string segment);
        using DeadJournal clean = harness.TakeDead();
        int used = LastUsedByte(original), before = -1;
        for (int length = 0; length <= used; length += TestLength.Of(11, 1))
        {
            File.WriteAllBytes(segment, original[..length]);
            using var journal = new DeadJournal(clean.Folder, NoLock(clean));
            int count = Count(JournalHarness.ReadAll(journal));
            Assert.True(count >= before, $"cut at {length} kept {count} records, a shorter cut kept {before}");
            Assert.Equal(length % Slot.Size != 0, journal.Damage.CutBytes > 0);
            before = count;
        }
    }

    [Fact]
    public void A_slot_that_was_reserved_but_not_published_is_skipped_once_its_owner_is_dead_and_waited_for_before()
    {
        using var harness = new JournalHarness(mapped: true);
        using (Journal journal = harness.Open())
        {
            SeriesKey series = journal.Intern(Run, "loss");
            journal.AppendPoint(series, 1, 1, 1.0);
            Assert.True(journal.Current.TryReserve(1, out int hole));
            journal.AppendPoint(series, 2, 2, 2.0);

            byte[] buffer = [];
            var reader = new SlotReader(journal.First.Read(0, ref buffer), 0, journal.First.Seed, ownerIsDead: false);
            while (reader.Read())
            {
            }

            Assert.Equal(hole, reader.Index);
        }

        using DeadJournal dead = harness.TakeDead();
        Assert.Equal([1.0, 2.0], JournalHarness.PointsOf(JournalHarness.ReadAll(dead)).Select(p => p.Point.Value));
        Assert.True(dead.Damage.IsNone);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Many_threads_fill_many_segments_and_every_point_is_there_once(bool mapped)
    {
        const int threads = 8, points = 30_000;
        using var harness = new JournalHarness(mapped);
        using (Journal journal = harness.Open())
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
            {
                SeriesKey series = journal.Intern(Run, $"thread/{thread}");
                for (int i = 0; i < points; i++)
                {
                    Assert.True(journal.AppendPoint(series, i, i, thread));
                    if (i % 1000 == 0)
                        Assert.True(journal.Append(new TrackingRecord.TagSet(Run, $"t{thread}", new string('v', 500))));
                }
            });
            Assert.True(journal.Current.Number >= 2);
        }

        using DeadJournal dead = harness.TakeDead();
        List<TrackingRecord> read = JournalHarness.ReadAll(dead);
        Assert.Equal(threads * points / 1000, read.OfType<TrackingRecord.TagSet>().Count());
        foreach (var series in JournalHarness.PointsOf(read).GroupBy(p => p.Key))
            Assert.Equal(Enumerable.Range(0, points).Select(i => (long)i), series.Select(p => p.Point.Step));
        Assert.True(dead.Damage.IsNone, dead.Damage.ToString());
    }

    [Fact]
    public void A_record_larger_than_a_segment_gets_a_segment_of_its_own_size()
    {
        using var harness = new JournalHarness();
        var large = new TrackingRecord.DatasetUsed(Run, new DatasetInput { Name = "d", Digest = "x", Profile = new string('é', 3_000_000) });
        using (Journal journal = harness.Open())
        {
            Assert.True(journal.Append(large));
            Assert.True(journal.Append(new TrackingRecord.TagSet(Run, "after", "1")));
        }

        using DeadJournal dead = harness.TakeDead();
        Assert.Equal([large, new TrackingRecord.TagSet(Run, "after", "1")], JournalHarness.ReadAll(dead));
    }

    [Fact]
    public void A_full_journal_drops_points_and_still_takes_params_tags_and_status()
    {
        using var harness = new JournalHarness();
        harness.Options.MaxBytes = 1 << 20;
        using Journal journal = harness.Open();
        SeriesKey series = journal.Intern(Run, "loss");
        int kept = 0;
        while (journal.AppendPoint(series, kept, kept, kept))
            kept++;

        Assert.Contains("MaxBytes", journal.FullBecause);
        for (int i = 0; i < 100; i++)
            Assert.True(journal.Append(new TrackingRecord.ParamLogged(Run, $"p{i}", "v")));
        Assert.True(journal.Append(new TrackingRecord.RunUpdated(Run) { Status = RunStatus.Finished }));
        Assert.False(journal.AppendPoint(series, 0, 0, 0));
        Assert.InRange(kept, 15_000, 22_000);
    }

    [Fact]
    public async Task A_full_journal_set_to_wait_goes_on_when_space_returns()
    {
        using var harness = new JournalHarness();
        harness.Options.MaxBytes = 1 << 20;
        using Journal journal = harness.Open();
        SeriesKey series = journal.Intern(Run, "loss");
        while (journal.AppendPoint(series, 0, 0, 0))
        {
        }

        harness.Options.OnFull = OnFull.Wait;
        using var waiting = new ManualResetEventSlim();
        Task<bool> append = Task.Run(() =>
        {
            waiting.Set();
            return journal.AppendPoint(series, 1, 1, 1);
        });
        waiting.Wait(TestContext.Current.CancellationToken);
        journal.Release(journal.First);
        Assert.True(await append);
        Assert.Null(journal.FullBecause);
    }

    [Fact]
    public void A_live_neighbours_journal_is_never_taken()
    {
        using var harness = new JournalHarness();
        using (Journal journal = harness.Open())
        {
            Assert.Empty(harness.Root.TakeDead(TimeProvider.System));
            Directory.CreateDirectory(Path.Combine(harness.Root.Folder, Guid.NewGuid().ToString("N") + JournalRoot.MakingSuffix));
            Assert.Empty(harness.Root.TakeDead(TimeProvider.System));
        }

        using DeadJournal dead = harness.TakeDead();
        Assert.Empty(harness.Root.TakeDead(TimeProvider.System));
        Assert.Equal(Environment.ProcessId, dead.Owner.ProcessId);
    }

    [Fact]
    public void A_closed_journal_refuses_records()
    {
        using var harness = new JournalHarness();
        using Journal journal = harness.Open();
        SeriesKey series = journal.Intern(Run, "loss");
        journal.Close();
        Assert.Throws<ObjectDisposedException>(() => journal.AppendPoint(series, 0, 0, 0));
        Assert.Throws<ObjectDisposedException>(() => journal.Append(new TrackingRecord.TagSet(Run, "a", "b")));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_clear_error()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "");
        JournalException error = Assert.Throws<JournalException>(() => JournalRoot.Open(folder["file/mlops.journal"]));
        Assert.Contains("JournalOptions.Folder", error.Message, StringComparison.Ordinal);
    }

    private static byte[] WriteSample(JournalHarness harness, out string segment)
    {
        using Journal journal = harness.Open();
        journal.Append(new TrackingRecord.RunStarted(Run, 1) { ExperimentName = "churn", Name = "a run with a long enough name to need several slots" });
        SeriesKey loss = journal.Intern(Run, "loss"), accuracy = journal.Intern(Run, "accuracy");
        for (int i = 0; i < 40; i++)
        {
            journal.AppendPoint(i % 2 == 0 ? loss : accuracy, i, i, i + 0.5);
            if (i % 10 == 0)
                journal.Append(new TrackingRecord.ParamLogged(Run, $"param{i}", new string('p', i * 4)));
        }

        segment = journal.First.Path;
        byte[] buffer = [];
        return journal.First.Read(0, ref buffer).ToArray();
    }

    private static int LastUsedByte(byte[] bytes) => (Array.FindLastIndex(bytes, b => b != 0) / Slot.Size * Slot.Size) + Slot.Size;

    private static int Count(List<TrackingRecord> records) => records.Sum(r => r is TrackingRecord.PointsLogged p ? p.Points.Length : 1);

    private static OwnerLock NoLock(DeadJournal journal)
    {
        // The journal under test is read many times over; its lock is another file's.
        string folder = Path.Combine(Path.GetTempPath(), "mlops-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        OwnerLock ownerLock = OwnerLock.Create(folder, journal.Owner.Journal, TimeProvider.System);
        Directory.Delete(folder, recursive: true);
        return ownerLock;
    }

    private static (long Step, long Time, long Value) Bits(MetricPoint point) => (point.Step, point.TimestampMs, BitConverter.DoubleToInt64Bits(point.Value));
}
