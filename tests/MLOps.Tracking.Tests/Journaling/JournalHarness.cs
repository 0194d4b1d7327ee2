using MLOps.Tracking.Contract;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Journaling;

/// <summary>A journal root of a test's own, with journals that end as a killed process leaves them: unlocked and not cleaned up.</summary>
internal sealed class JournalHarness : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public JournalHarness(bool? mapped = null)
    {
        Options = new JournalOptions { MemoryMapped = mapped };
        Root = JournalRoot.Open(_folder["mlops.journal"]);
    }

    public JournalOptions Options { get; }

    public JournalRoot Root { get; }

    public Journal Open() => Journal.Create(Root, Options, TimeProvider.System);

    /// <summary>Takes the one dead journal that there must be.</summary>
    public DeadJournal TakeDead() => Root.TakeDead(TimeProvider.System).Single();

    /// <summary>Reads all of a dead journal from the start; points one record each, in the order read per series.</summary>
    public static List<TrackingRecord> ReadAll(DeadJournal journal)
    {
        var batch = new BatchBuilder();
        var records = new List<TrackingRecord>();
        foreach (long unused in journal.ReadBatches(0, batch))
        {
            foreach (TrackingRecord record in batch.Build())
            {
                records.Add(record is TrackingRecord.PointsLogged points
                    ? points with { Points = points.Points.ToArray() }
                    : record);
            }

            batch.Clear();
        }

        return records;
    }

    public static IEnumerable<(string Key, MetricPoint Point)> PointsOf(IEnumerable<TrackingRecord> records) =>
        records.OfType<TrackingRecord.PointsLogged>().SelectMany(r => r.Points.ToArray().Select(p => (r.Key, p)));

    public void Dispose() => _folder.Dispose();
}
